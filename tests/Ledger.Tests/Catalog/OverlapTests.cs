using Metering.Ledger.Catalog;
using Metering.Ledger.Windows;
using static Metering.Ledger.Tests.Catalog.Samples;

namespace Metering.Ledger.Tests.Catalog;

/// <summary>Overlap decided from patterns = a line found by trying all of a small world, meters not yet declared included.</summary>
public sealed class OverlapTests
{
    private static readonly string[] Names = ["a", "a.b", "a.c", "b"];
    private static readonly string[] Patterns = [.. Names, "*", "a*", "a.*", "b*"];
    private static readonly string[] Units = ["tokens", "count"];
    private static readonly string?[] Values = [null, "x", "y"];

    [FsCheck.NUnit.Property(MaxTest = 2_000)]
    public bool Two_groups_overlap_if_and_only_if_a_line_counts_in_both(int seed)
    {
        var random = new Random(seed);
        var meters = Names.ToDictionary(name => name, name => new Meter(name, Pick(random, Units)));
        var (one, other) = (Group(random), Group(random));
        return Overlap.Of(one, other, meters.GetValueOrDefault) is not null == Lines(meters.Values).Any(line => Counts(one, line) && Counts(other, line));
    }

    [FsCheck.NUnit.Property(MaxTest = 500)]
    public bool Overlap_is_symmetric(int seed)
    {
        var random = new Random(seed);
        var meters = Names.ToDictionary(name => name, name => new Meter(name, Pick(random, Units)));
        var (one, other) = (Group(random), Group(random));
        return Overlap.Of(one, other, meters.GetValueOrDefault) is null == Overlap.Of(other, one, meters.GetValueOrDefault) is null;
    }

    private static bool Counts(LimitGroup group, (Meter Meter, Attributes Attributes) line) =>
        group.Covers(line.Meter.Name, line.Meter.Unit, line.Attributes);

    // the declared meters and, below every prefix, one of each unit that may yet come
    private static IEnumerable<(Meter, Attributes)> Lines(IEnumerable<Meter> declared) =>
        from meter in declared.Concat(from prefix in new[] { "z", "az", "a.z", "bz" } from unit in Units select new Meter(prefix, unit))
        from first in Values
        from second in Values
        select (meter, Some(first, second));

    private static LimitGroup Group(Random random) =>
        new("group", Pick(random, [.. Units, "USD"]), GroupKind.Funding, Enumerable.Range(0, random.Next(1, 3)).Select(_ => AMatch(random)).ToItems(), 1,
            WindowLength.Month, Anchor.Calendar);

    private static Match AMatch(Random random) => new(Pick(random, Patterns), Some(Pick(random, Values), Pick(random, Values)));

    private static Attributes Some(string? first, string? second)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        if (first is not null) pairs.Add(new("first", first));
        if (second is not null) pairs.Add(new("second", second));
        return Attributes.Of(pairs);
    }

    private static T Pick<T>(Random random, T[] from) => from[random.Next(from.Length)];
}
