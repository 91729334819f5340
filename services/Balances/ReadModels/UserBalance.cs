using Metering.Kernel.ReadModels;
using Metering.Ledger;
using Metering.Ledger.Accounts;

namespace Metering.Balances.ReadModels;

/// <summary>
/// A user's ledger state as of the last event projected, without what only decisions need (remembered ids, late refunds, the lines of holds). So it
/// is folded on by the ledger's own <see cref="Fold"/> and shown by its own <see cref="GetUsage"/>: there is no second arithmetic that could differ.
/// </summary>
/// <param name="Id">The user.</param>
/// <param name="Plan">Which of <paramref name="Plans"/> is in force, by assignment.</param>
/// <param name="LastPlan">Which was in force last, ended or not.</param>
/// <param name="NextPlan">What waits for the next period.</param>
/// <param name="Plans">Every plan that was ever in force: holds and refunds refer to them.</param>
/// <param name="Owed">Adjustments that wait for the next period.</param>
public sealed record UserBalance(
    string Id, DateTimeOffset At, long Revision, string? StripeCustomer, bool Suspended, int Assignments, int? Plan, int? LastPlan,
    PlanInForce? NextPlan, Items<PlanInForce> Plans, IReadOnlyDictionary<string, long> CustomLimits, Items<GroupUse> Groups, Items<Grant> Grants,
    Items<Hold> Holds, PeriodUse? Current, Items<PeriodUse> Ended, int LastPeriod, Items<GroupSum> Owed) : IDocument
{
    /// <summary>In the order of users.</summary>
    public static readonly DocumentIndex<UserBalance> ByUser = new(balance => balance.Id);

    /// <summary>A state that is given up to the document: nobody folds onto it afterwards.</summary>
    public static UserBalance Of(string user, LedgerState state) => new(
        user, state.At, state.Revision, state.StripeCustomer, state.Suspended, state.Assignments, state.Plan?.Assignment,
        state.LastPlan?.Assignment, state.NextPlan, state.Plans,
        new SortedDictionary<string, long>(
            state.CustomLimits.ToDictionary(own => own.Group, own => own.Quota!.Value), StringComparer.Ordinal),
        state.Groups, state.Grants,
        state.Holds.Values.OrderBy(hold => hold.Reservation).Select(Copies.WithoutLines).ToItems(), state.Current, state.Ended,
        state.LastPeriod, state.Owed);

    /// <summary>The user's balances as of the last event.</summary>
    public Usage Usage(Zones zones) => Balance.At(ToState(), At, zones);

    /// <summary>A state to fold onto: nothing of it is shared that folding changes.</summary>
    public LedgerState ToState()
    {
        var plans = Plans.ToDictionary(plan => plan.Assignment);
        return new LedgerState
        {
            At = At, Revision = Revision, StripeCustomer = StripeCustomer, Suspended = Suspended, Assignments = Assignments,
            Plan = Plan is { } now ? plans[now] : null, LastPlan = LastPlan is { } last ? plans[last] : null, NextPlan = NextPlan,
            Plans = Plans, CustomLimits = CustomLimits.Select(own => new CustomLimit(own.Key, own.Value)).ToItems(),
            Groups = [.. Groups.Select(Copies.Of)], Grants = [.. Grants.Select(Copies.Of)],
            Holds = Holds.Select(Copies.WithoutLines).ToDictionary(hold => hold.Reservation),
            Current = Current is null ? null : Copies.Of(Current), Ended = [.. Ended.Select(Copies.Of)], LastPeriod = LastPeriod,
            Owed = [.. Owed.Select(Copies.Of)],
        };
    }
}
