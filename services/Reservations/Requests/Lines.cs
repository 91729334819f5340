using Google.Protobuf.Collections;
using Metering.Ledger;
using Metering.Ledger.Accounts;

namespace Metering.Reservations.Requests;

/// <summary>
/// Reads usage lines. Each meter and attributes once: two lines of the same could mean a sum or a mistake, and are rounded differently, so the caller
/// says which. A quantity of 0 asks for nothing and is refused, but in a commit, where nothing may have been used.
/// </summary>
internal static class Lines
{
    public static Items<AskedLine> Read(
        string field, RepeatedField<V1.Line> lines, Asking asking, Func<string, Attributes, Items<Rate>> ratesOf, int least = 1,
        long quantityLeast = 1)
    {
        Check(field, lines, least, quantityLeast);
        var asked = new AskedLine[lines.Count];
        for (var i = 0; i < asked.Length; i++)
        {
            var meter = asking.Catalog.Meter(lines[i].Meter)
                ?? throw RequestRefused.Undeclared($"{field}[{i}].meter", $"a declared meter; {Shown(lines[i].Meter)} is not");
            var attributes = AttributesOf($"{field}[{i}].attributes", lines[i].Attributes);
            asked[i] = new AskedLine(meter.Name, meter.Unit, attributes, lines[i].Quantity, ratesOf(meter.Name, attributes));
        }
        CheckOnce(field, asked, line => (line.Meter, line.Attributes));
        return new(asked);
    }

    public static Items<RefundLine> ReadRefund(string field, RepeatedField<V1.Line> lines)
    {
        Check(field, lines, 1, 1);
        var back = lines
            .Select((line, i) => new RefundLine(line.Meter, AttributesOf($"{field}[{i}].attributes", line.Attributes), line.Quantity))
            .ToArray();
        CheckOnce(field, back, line => (line.Meter, line.Attributes));
        return new(back);
    }

    public static Attributes AttributesOf(string field, MapField<string, string> map)
    {
        if (map.Count == 0) return Attributes.None;
        var attributes = Attributes.Of(map);
        return AttributeRules.Problem(attributes) is { } expected ? throw RequestRefused.Invalid(field, expected) : attributes;
    }

    private static void Check(string field, RepeatedField<V1.Line> lines, int least, long quantityLeast)
    {
        if (lines.Count < least || lines.Count > Limits.Lines) throw RequestRefused.Invalid(field, $"{least}–{Limits.Lines} lines");
        for (var i = 0; i < lines.Count; i++)
            if (lines[i].Quantity < quantityLeast || lines[i].Quantity > Limits.Quantity)
                throw RequestRefused.Invalid($"{field}[{i}].quantity", $"{quantityLeast} to 10¹⁵");
    }

    private static void CheckOnce<T>(string field, T[] lines, Func<T, (string, Attributes)> key)
    {
        if (lines.Length < 2) return;
        var seen = new HashSet<(string, Attributes)>();
        for (var i = 0; i < lines.Length; i++)
            if (!seen.Add(key(lines[i]))) throw RequestRefused.Invalid($"{field}[{i}]", "each meter and attributes once: add up what belongs together");
    }

    // it comes back in a header of limited size
    private static string Shown(string name) => name.Length <= 128 ? name : name[..128] + "…";
}
