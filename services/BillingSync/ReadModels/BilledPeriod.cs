using System.Globalization;
using Metering.BillingSync.Reports;
using Metering.Kernel.ReadModels;

namespace Metering.BillingSync.ReadModels;

/// <summary>A user's billing period: what was taken last of it, and what its lines come to.</summary>
/// <param name="Id">User and number.</param>
/// <param name="Taken">None if nothing was taken of it: something was carried into it.</param>
/// <param name="Sums">Of every line that it ever had, in the order of groups, then Stripe meters.</param>
public sealed record BilledPeriod(string Id, string User, int Number, TotalsTaken? Taken, IReadOnlyList<LineSums> Sums) : IDocument
{
    /// <summary>In the order of users, then numbers.</summary>
    public static readonly DocumentIndex<BilledPeriod> ByUser = new(period => period.Id);

    /// <summary>Those with a line that may be unsettled, now or once it can no longer be billed; in the same order.</summary>
    public static readonly DocumentIndex<BilledPeriod> ByUnsettled = new(period => period.Unsettled);

    public string? Unsettled => Lines().Any(line => line.MayWait) ? Id : null;

    public static string IdOf(string user, int number) => string.Create(CultureInfo.InvariantCulture, $"{user} {number:D10}");

    /// <summary>All of a user.</summary>
    public static KeyRange Of(string user) => KeyRange.Prefix($"{user} ");

    /// <summary>One that nothing is known of yet.</summary>
    public static BilledPeriod Empty(string user, int number) => new(IdOf(user, number), user, number, null, []);

    /// <summary>How its lines stand, in order.</summary>
    public IEnumerable<LineBalance> Lines() => Sums.Select(sums => new LineBalance(
        new(Number, sums.Group, sums.StripeMeter), ValueOf(sums), sums.CarriedIn, sums.CarriedOut, sums.Reported));

    /// <summary>After totals were taken over.</summary>
    public BilledPeriod With(TotalsTaken totals) => totals.Lines
        .Aggregate(this, (period, line) => period.Plus(new(line.Group, line.StripeMeter, 0, 0, 0))) with { Taken = totals };

    /// <summary>With more on one of its lines, old or new.</summary>
    public BilledPeriod Plus(LineSums more)
    {
        var own = Sums.FirstOrDefault(sums => sums.CompareTo(more) == 0);
        return this with { Sums = [.. Sums.Where(sums => sums != own).Append(own is null ? more : own.Plus(more)).Order()] };
    }

    private long ValueOf(LineSums line) =>
        Taken?.Lines.Where(total => (total.Group, total.StripeMeter) == (line.Group, line.StripeMeter)).Sum(total => total.Target) ?? 0;
}

/// <summary>What is kept of a line: as in <see cref="LineBalance"/>.</summary>
public sealed record LineSums(string Group, string StripeMeter, long CarriedIn, long CarriedOut, long Reported) : IComparable<LineSums>
{
    /// <summary>Both, of the same line.</summary>
    public LineSums Plus(LineSums more) => this with
    {
        CarriedIn = CarriedIn + more.CarriedIn, CarriedOut = CarriedOut + more.CarriedOut, Reported = Reported + more.Reported,
    };

    /// <summary>By group, then Stripe meter, both ordinal: 0 for the same line.</summary>
    public int CompareTo(LineSums? other) => string.CompareOrdinal(Group, other?.Group) is not 0 and var byGroup
        ? byGroup
        : string.CompareOrdinal(StripeMeter, other?.StripeMeter);
}
