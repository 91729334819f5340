namespace Metering.Ledger;

/// <summary>How many attributes there may be, and how long.</summary>
public static class AttributeRules
{
    /// <summary>What is wrong with the attributes; null when nothing is.</summary>
    public static string? Problem(Attributes attributes)
    {
        if (attributes.Count > Attributes.Most) return $"at most {Attributes.Most} attributes";
        foreach (var (key, value) in attributes.Pairs)
        {
            if (key.Length is 0 or > Attributes.KeyLength) return $"keys of 1–{Attributes.KeyLength} characters";
            if (value.Length > Attributes.ValueLength) return $"a value of at most {Attributes.ValueLength} characters for {key}";
        }
        return null;
    }
}
