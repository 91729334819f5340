using System.Globalization;
using Metering.Kernel.ReadModels;
using Metering.Ledger;
using Metering.Ledger.Accounts;

namespace Metering.Balances.ReadModels;

/// <summary>One billing period of one user: running, ended or closed, with its totals as of the event that said so.</summary>
/// <param name="Id">User and number: sorts a user's periods by number.</param>
/// <param name="Revision">Of the event that it is as of.</param>
/// <param name="Due">When closing it should be asked for, as sortable text; none once it is closed.</param>
public sealed record BillingPeriod(
    string Id, string User, Period Period, PeriodStage Stage, DateTimeOffset? EndedAt, DateTimeOffset? ClosedAt, string? StripeCustomer,
    Items<GroupTotal> Groups, Items<MeterTotal> Meters, long Revision, string? Due) : IDocument
{
    /// <summary>In the order of users, then numbers.</summary>
    public static readonly DocumentIndex<BillingPeriod> ByUser = new(period => period.Id);

    /// <summary>Those not closed, in the order in which they fall due.</summary>
    public static readonly DocumentIndex<BillingPeriod> ByDue = new(period => period.Due);

    /// <summary>The id of a user's period; users have no slash in them.</summary>
    public static string IdOf(string user, int number) => string.Create(CultureInfo.InvariantCulture, $"{user}/{number:D10}");

    /// <summary>All periods of a user.</summary>
    public static KeyRange Of(string user) => KeyRange.Prefix($"{user}/");

    /// <summary>A moment as text that sorts by time.</summary>
    public static string DueAt(DateTimeOffset at) => at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    /// <summary>The numbers of the periods that an event is about.</summary>
    public static IEnumerable<int> Numbers(LedgerEvent happened) => happened switch
    {
        PlanAssigned { Starts: { } starts } => [starts.Number],
        PeriodEnded { Next: { } next } ended => [ended.Period.Number, next.Number],
        PeriodEnded ended => [ended.Period.Number],
        PeriodClosed closed => [closed.Period.Number],
        _ => [],
    };

    /// <summary>Period <paramref name="number"/> after an event that is about it.</summary>
    public static BillingPeriod After(BillingPeriod? before, string user, int number, long revision, LedgerEvent happened) => happened switch
    {
        PlanAssigned e => Running(user, e.Starts!, e.StripeCustomer, revision),
        PeriodEnded e when e.Period.Number == number => Ended(user, e, revision),
        PeriodEnded e => Running(user, e.Next!, e.StripeCustomer, revision),
        PeriodClosed e => Closed(before, user, e, revision),
        _ => throw new ArgumentException($"{happened.GetType().Name} is about no period"),
    };

    /// <summary>
    /// When an ended period can close at the latest: its late grace is over and its last hold has expired. If its holds are settled sooner, the
    /// command that settles the last one closes it.
    /// </summary>
    public static DateTimeOffset DueAt(LedgerState state, PeriodUse period)
    {
        var due = period.Period.End + state.PlanOf(period.Assignment).Plan.LateGrace;
        if (period.OpenHolds == 0) return due;
        var last = state.Holds.Values.Where(hold => hold.Period == period.Period.Number).Max(hold => hold.ExpiresAt);
        return last > due ? last : due;
    }

    private static BillingPeriod Running(string user, Period period, string? customer, long revision) => new(
        IdOf(user, period.Number), user, period, PeriodStage.Running, null, null, customer, [], [], revision, DueAt(period.End));

    private static BillingPeriod Ended(string user, PeriodEnded e, long revision) => new(
        IdOf(user, e.Period.Number), user, e.Period, PeriodStage.Ended, e.At, null, e.StripeCustomer, e.Groups, [], revision, DueAt(e.Period.End));

    private static BillingPeriod Closed(BillingPeriod? before, string user, PeriodClosed e, long revision) => new(
        IdOf(user, e.Period.Number), user, e.Period, PeriodStage.Closed, before?.EndedAt, e.At, e.StripeCustomer, e.Groups, e.Meters, revision, null);
}

/// <summary>How far a billing period has come.</summary>
public enum PeriodStage { Running, Ended, Closed }
