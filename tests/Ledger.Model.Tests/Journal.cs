using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Ledger.Windows;

namespace Metering.Ledger.Model;

/// <summary>One line of the journal: an amount set aside, or used, in a bucket of a group's window. What is given back is a line below zero.</summary>
/// <param name="Of">The reservation or tracked usage that it belongs to.</param>
/// <param name="MakesRoom">False for overage of a closed period that was refunded: a matter of money, nobody can use it again (rule 11).</param>
internal sealed record Entry(
    bool IsHeld, Guid Of, string Group, int Since, Window Window, Bucket Bucket, Guid? Grant, long Amount, int? Period, bool MakesRoom = true)
{
    public bool In(Spot spot) => Group == spot.Group && Since == spot.Since && Window.Start == spot.Window.Start;
}

/// <summary>A group in one of its windows, and the terms that hold there now.</summary>
internal sealed record Spot(string Group, int Since, Window Window, LimitGroup Terms);

/// <summary>A reservation, or usage that was tracked: what was asked and what became of it.</summary>
internal sealed record Booking(Guid Id, DateTimeOffset At, Term Term, int? Period, TimeSpan Grace)
{
    public DateTimeOffset Deadline { get; set; }

    /// <summary>The run that it was carved from (rule 13).</summary>
    public Booking? Run { get; init; }

    /// <summary>True once something was carved from it.</summary>
    public bool WasCarved { get; set; }

    public Booking? OpenRun => Run is { Is: State.Open } ? Run : null;

    public List<UsedLine> Lines { get; set; } = [];
    public List<RefundLine> Refunded { get; } = [];
    public State Is { get; set; }

    /// <summary>The windows that its groups were first drawn in: all that follows counts there.</summary>
    public Dictionary<string, Window> Windows { get; } = [];

    public DateTimeOffset ExpiresAt => Deadline + Grace;
}

internal enum State { Open, Charged, GivenBack }

/// <summary>A plan in force, and since which assignment each of its groups counts (rule 18).</summary>
internal sealed record Term(int Assignment, Plan Plan, DateTimeOffset Anchor, Dictionary<string, int> Since)
{
    public LimitGroup? Group(string label, int since) =>
        Plan.Groups.FirstOrDefault(group => group.Label == label && Since[label] == since);
}

/// <summary>A billing period and the groups that are in its totals, each with its last terms in it.</summary>
internal sealed class Stretch(int number, DateTimeOffset start, DateTimeOffset end, Term term)
{
    public int Number { get; } = number;
    public DateTimeOffset Start { get; } = start;
    public DateTimeOffset End { get; set; } = end;
    public Term Term { get; set; } = term;
    public bool HasEnded { get; set; }
    public bool IsClosed { get; set; }
    public List<(LimitGroup Terms, int Since)> Groups { get; } = [];
    public Dictionary<(string Group, int Since), long> LimitsAtEnd { get; } = [];
    public PeriodClosed? Closed { get; set; }

    public Period Period => new(Number, Start, End);

    /// <summary>A group that is in the totals, used or not.</summary>
    public void Lists(LimitGroup terms, int since, bool latest = false)
    {
        var at = Groups.FindIndex(one => one.Since == since && one.Terms.Label == terms.Label);
        if (at < 0) Groups.Add((terms, since));
        else if (latest) Groups[at] = (terms, since);
    }
}

/// <summary>What a refund of a closed period, or a bill below zero, takes off a later one; of none yet if no period follows.</summary>
internal sealed record Adjustment(int? Period, LimitGroup Terms, int Since, long Usage, long Overage, long Charge);

/// <summary>Credit bought.</summary>
internal sealed record Bought(CreditGranted Grant)
{
    public DateTimeOffset? ExpiresAt { get; set; } = Grant.ExpiresAt;
    public bool Revoked { get; set; }

    /// <summary>What expired of it, or was revoked, each time.</summary>
    public List<long> Expired { get; } = [];
}
