using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Metering.BillingSync.Reports;

/// <summary>What Stripe's sum is kept for: one group on one Stripe meter in one period.</summary>
public readonly record struct LineKey(int Period, string Group, string StripeMeter);

/// <summary>A user's reports. Folding changes it in place; deciding only reads it.</summary>
public sealed class BillingState
{
    private readonly SortedDictionary<int, TotalsTaken> taken = [];
    private readonly Dictionary<int, SortedSet<LineKey>> keys = [];
    private readonly List<CarriedForward> carries = [];
    private readonly Dictionary<string, Report> byIdentifier = new(StringComparer.Ordinal);
    private readonly Dictionary<LineKey, List<Report>> lines = [];
    private readonly List<Report> reports = [];

    /// <summary>Number of the last event; -1 before the first.</summary>
    public long Revision { get; private set; } = -1;

    /// <summary>When the last event was decided.</summary>
    public DateTimeOffset At { get; private set; } = DateTimeOffset.MinValue;

    /// <summary>The customer that the newest message of the ledger names.</summary>
    public string? StripeCustomer { get; private set; }

    /// <summary>That message's revision in the ledger.</summary>
    public long CustomerRevision { get; private set; } = -1;

    /// <summary>All reports, the oldest first.</summary>
    public IReadOnlyList<Report> Reports => reports;

    /// <summary>The newest message taken of a period, by its revision in the ledger; -1 for none.</summary>
    public long TakenUpTo(int period) => TakenOf(period)?.LedgerRevision ?? -1;

    /// <summary>What was taken last of a period; none if nothing was.</summary>
    public TotalsTaken? TakenOf(int period) => taken.GetValueOrDefault(period);

    /// <summary>What was taken last of each period, in order.</summary>
    public IEnumerable<TotalsTaken> Taken => taken.Values;

    /// <summary>What was carried from period to period, the oldest first.</summary>
    public IReadOnlyList<CarriedForward> Carries => carries;

    /// <summary>How every line stands, in order.</summary>
    public IEnumerable<LineBalance> Lines => keys.Keys.Order().SelectMany(LinesOf);

    /// <summary>How the lines of a period stand, in order: those of its totals, and those with reports or carried values.</summary>
    public IEnumerable<LineBalance> LinesOf(int period) => keys.GetValueOrDefault(period, []).Select(BalanceOf);

    public LineBalance BalanceOf(LineKey line) => new(
        line, TakenOf(line.Period)?.Lines.Where(total => KeyOf(line.Period, total) == line).Sum(total => total.Target) ?? 0,
        carries.Where(carry => InOf(carry) == line).Sum(carry => carry.Value),
        carries.Where(carry => OutOf(carry) == line).Sum(carry => carry.Value),
        Of(line).Where(report => report.Counts).Sum(report => report.Value));

    /// <summary>Why a report can no longer be billed; none: it can.</summary>
    public CarryReason? TooLate(BillingPolicy policy, Report report, DateTimeOffset at) =>
        policy.TooLate(report.Planned.Timestamp, TakenOf(report.Planned.Period)?.End ?? DateTimeOffset.MaxValue, at);

    /// <summary>The reports of a line, the oldest first.</summary>
    public IReadOnlyList<Report> Of(LineKey line) => lines.GetValueOrDefault(line) ?? [];

    /// <summary>The report under an identifier.</summary>
    public bool TryFind(string identifier, [NotNullWhen(true)] out Report? report) => byIdentifier.TryGetValue(identifier, out report);

    /// <summary>Takes an event in. What cannot be is a defect and throws.</summary>
    public void Fold(BillingEvent happened)
    {
        switch (happened)
        {
            case TotalsTaken totals: Fold(totals); break;
            case ReportPlanned planned: Fold(planned); break;
            case CarriedForward carry: Fold(carry); break;
            case IReportEvent about: Find(about.Identifier).Fold(happened); break;
            default: throw new InvalidOperationException($"{happened.GetType().Name} has no meaning here");
        }
        (Revision, At) = (Revision + 1, happened.At);
    }

    private void Fold(TotalsTaken totals)
    {
        taken[totals.Period] = totals;
        foreach (var line in totals.Lines) Know(KeyOf(totals.Period, line));
        if (totals.LedgerRevision > CustomerRevision) (StripeCustomer, CustomerRevision) = (totals.StripeCustomer, totals.LedgerRevision);
    }

    private void Fold(ReportPlanned planned)
    {
        var report = new Report(planned);
        byIdentifier.Add(report.Identifier, report);
        reports.Add(report);
        if (!lines.TryGetValue(report.Line, out var line)) lines[report.Line] = line = [];
        line.Add(report);
        Know(report.Line);
    }

    private void Fold(CarriedForward carry)
    {
        carries.Add(carry);
        Know(InOf(carry));
        Know(OutOf(carry));
    }

    private void Know(LineKey line)
    {
        if (!keys.TryGetValue(line.Period, out var known)) keys[line.Period] = known = new(LineOrder);
        known.Add(line);
    }

    private static readonly Comparer<LineKey> LineOrder = Comparer<LineKey>.Create((a, b) =>
        string.CompareOrdinal(a.Group, b.Group) is not 0 and var byGroup ? byGroup : string.CompareOrdinal(a.StripeMeter, b.StripeMeter));

    private static LineKey KeyOf(int period, LineTotal line) => new(period, line.Group, line.StripeMeter);

    private static LineKey InOf(CarriedForward carry) => new(carry.ToPeriod, carry.Group, carry.StripeMeter);

    private static LineKey OutOf(CarriedForward carry) => new(carry.FromPeriod, carry.Group, carry.StripeMeter);

    private Report Find(string identifier) =>
        byIdentifier.GetValueOrDefault(identifier) ?? throw new InvalidOperationException($"no report {identifier} was planned");
}

/// <summary>One report: its payload, which never changes, and what became of it.</summary>
public sealed class Report
{
    private int keyUses;
    private bool openUnderKey;

    internal Report(ReportPlanned planned)
    {
        Planned = planned;
        Value = ValueOf(planned);
        Standing = ReportStanding.Of(planned);
    }

    /// <summary>As it was planned.</summary>
    public ReportPlanned Planned { get; }

    public static long ValueOf(ReportPlanned planned) =>
        long.Parse(planned.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    public string Identifier => Planned.Identifier;
    public LineKey Line => new(Planned.Period, Planned.Group, Planned.EventName);
    public long Value { get; }

    /// <summary>What became of it.</summary>
    public ReportStanding Standing { get; private set; }

    public string? StripeCustomer => Standing.StripeCustomer;
    public ReportStatus Status => Standing.Status;
    public DateTimeOffset UpdatedAt => Standing.UpdatedAt;
    public string? Code => Standing.Code;
    public string? Message => Standing.Message;
    public int Attempts => Standing.Attempts;

    /// <summary>The last attempt's.</summary>
    public string? IdempotencyKey { get; private set; }

    /// <summary>How the last attempt ended, if the stream says so.</summary>
    public AttemptEnd? LastEnd { get; private set; }

    /// <summary>When the last attempt was made.</summary>
    public DateTimeOffset SentAt { get; private set; }

    /// <summary>
    /// When the first attempt was made that Stripe may have taken without our knowing; none if there is none but the last.
    /// </summary>
    public DateTimeOffset? UnsureSince { get; private set; }

    /// <summary>An attempt under another idempotency key than the last may have been taken: a refusal now proves nothing.</summary>
    public bool UnsureUnderOtherKey { get; private set; }

    /// <summary>
    /// The last idempotency key was used before and lost its answer: asking a third time under it would learn nothing new.
    /// </summary>
    public bool KeyWorn => keyUses > 1;

    /// <inheritdoc cref="ReportStanding.Counts"/>
    public bool Counts => Standing.Counts;

    /// <inheritdoc cref="ReportStanding.IsOpen"/>
    public bool IsOpen => Standing.IsOpen;

    internal void Fold(BillingEvent happened)
    {
        if (happened is ReportSent sent) Begin(sent);
        if (happened is ReportTurnedAway) LastEnd = AttemptEnd.NotTaken;
        Standing = Standing.After(happened);
    }

    private void Begin(ReportSent sent)
    {
        if (sent.Earlier is AttemptEnd.Failed or AttemptEnd.Lost) (openUnderKey, UnsureSince) = (true, UnsureSince ?? SentAt);
        if (sent.IdempotencyKey != IdempotencyKey)
        {
            UnsureUnderOtherKey |= openUnderKey;
            (IdempotencyKey, keyUses, openUnderKey) = (sent.IdempotencyKey, 0, false);
        }
        keyUses++;
        (LastEnd, SentAt) = (null, sent.At);
    }
}
