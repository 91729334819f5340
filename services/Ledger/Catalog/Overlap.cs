namespace Metering.Ledger.Catalog;

/// <summary>
/// Whether one usage line could count in two groups. Meters declared later count as well: two prefixes of which one continues the other
/// overlap, whatever is declared now. So a plan that was published stays unambiguous.
/// </summary>
public static class Overlap
{
    /// <summary>A pattern of meters that both groups cover with some attributes; null = no line can count in both.</summary>
    public static string? Of(LimitGroup one, LimitGroup other, Func<string, Meter?> meter)
    {
        // a meter has one unit: groups of two quantities never cover the same one
        if (!one.IsMoney && !other.IsMoney && one.Unit != other.Unit) return null;
        foreach (var left in one.Matches)
            foreach (var right in other.Matches)
                if (Common(left.Meter, right.Meter) is { } both && AllowUnit(both, one, other, meter) && Compatible(left.Where, right.Where))
                    return both;
        return null;
    }

    // the narrower of two patterns, if it lies within the other
    private static string? Common(string left, string right)
    {
        if (Within(left, right)) return left;
        return Within(right, left) ? right : null;
    }

    private static bool Within(string narrow, string wide) =>
        wide.EndsWith('*') ? narrow.AsSpan().TrimEnd('*').StartsWith(wide.AsSpan().TrimEnd('*')) : narrow == wide;

    // an exact meter is declared and has its unit; under a prefix there may yet be a meter of any unit
    private static bool AllowUnit(string pattern, LimitGroup one, LimitGroup other, Func<string, Meter?> meter) =>
        pattern.EndsWith('*') || meter(pattern) is not { } known || (Takes(one, known.Unit) && Takes(other, known.Unit));

    private static bool Takes(LimitGroup group, string unit) => group.IsMoney || group.Unit == unit;

    private static bool Compatible(Attributes left, Attributes right)
    {
        foreach (var (key, value) in left.Pairs)
            if (right[key] is { } wanted && wanted != value) return false;
        return true;
    }
}
