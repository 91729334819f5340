using Metering.BillingSync.Ops;
using Metering.BillingSync.Reports;

namespace Metering.BillingSync.Reconciling;

/// <summary>One customer on one Stripe meter; a user without a customer is alone.</summary>
public readonly record struct BookKey(string? Customer, string? Alone, string StripeMeter);

/// <summary>
/// Sorts reports and lines into the windows that Stripe can be asked for. Several users can share a customer, several groups a meter:
/// Stripe knows only their sum. A report lies where its timestamp does: what is expected of a window is exact wherever its edges are.
/// </summary>
public static class Books
{
    /// <summary>Who is in which book, in order.</summary>
    public static SortedDictionary<BookKey, SortedSet<string>> Keys(BillingView view)
    {
        var keys = new SortedDictionary<BookKey, SortedSet<string>>(Order);
        view.Scan("", (user, state) =>
        {
            foreach (var line in state.Lines) Add(KeyOf(user, state, line.Line));
            foreach (var report in state.Reports) Add(KeyOf(user, report.StripeCustomer, report.Planned.EventName));
            return true;

            void Add(BookKey key)
            {
                if (!keys.TryGetValue(key, out var users)) keys[key] = users = new(StringComparer.Ordinal);
                users.Add(user);
            }
        });
        return keys;
    }

    /// <summary>A book's windows as of now, the oldest first.</summary>
    public static List<BilledWindow> Windows(
        BillingView view, BookKey key, IEnumerable<string> users, BillingPolicy policy, DateTimeOffset now)
    {
        var (lines, reports, edges) = (new List<LineRow>(), new List<ReportRow>(), new SortedSet<DateTimeOffset>());
        foreach (var user in users)
            view.Read(user, state =>
            {
                foreach (var line in state.Lines)
                    if (state.TakenOf(line.Line.Period) is { } taken && KeyOf(user, state, line.Line) == key)
                    {
                        edges.Add(Minutes.Ceiling(taken.Start));
                        edges.Add(Minutes.Ceiling(taken.SliceEnd ?? taken.End));
                        lines.Add(RowOf(user, state, policy, line, taken, now));
                    }
                reports.AddRange(state.Reports.Where(report => KeyOf(user, report.StripeCustomer, report.Planned.EventName) == key)
                    .Select(report => RowOf(user, report)));
                return true;
            });
        return Sort(key, lines, reports, edges);
    }

    private static List<BilledWindow> Sort(BookKey key, List<LineRow> lines, List<ReportRow> reports, SortedSet<DateTimeOffset> edges)
    {
        var times = lines.Select(line => line.Timestamp).Concat(reports.Select(report => report.Timestamp)).ToList();
        if (times.Count == 0) return [];
        if (edges.Count == 0 || times.Min() < edges.Min) edges.Add(Minutes.Floor(times.Min()));
        if (times.Max() >= edges.Max) edges.Add(Minutes.After(times.Max()));
        DateTimeOffset[] all = [.. edges];
        var (linesAt, reportsAt) = (lines.ToLookup(line => Place(line.Timestamp)), reports.ToLookup(report => Place(report.Timestamp)));
        return
        [
            .. Enumerable.Range(0, all.Length - 1).Where(i => linesAt.Contains(i) || reportsAt.Contains(i)).Select(i =>
                new BilledWindow(key.Customer, key.StripeMeter, all[i], all[i + 1], [.. linesAt[i]], [.. reportsAt[i]])),
        ];

        int Place(DateTimeOffset time) => Array.BinarySearch(all, time) is >= 0 and var found ? found : ~Array.BinarySearch(all, time) - 1;
    }

    private static LineRow RowOf(
        string user, BillingState state, BillingPolicy policy, LineBalance line, TotalsTaken taken, DateTimeOffset now)
    {
        var uncounted = state.Of(line.Line).Where(report => !report.Counts).ToList();
        return new(
            user, line, Planning.TimestampOf(taken), RestCause(policy, taken, uncounted.LastOrDefault(), now),
            policy.TooLate(Planning.TimestampOf(taken), taken.End, now) is not null, [.. uncounted.Select(report => report.Identifier)]);
    }

    private static Cause RestCause(BillingPolicy policy, TotalsTaken taken, Report? uncounted, DateTimeOffset now) =>
        (policy.TooLate(Planning.TimestampOf(taken), taken.End, now), uncounted?.Status) switch
        {
            (CarryReason.OutOfWindow, _) or (_, ReportStatus.OutOfWindow) => Cause.OutOfWindow,
            (not null, _) => Cause.Late,
            (_, ReportStatus.Rejected) => Cause.Rejected,
            (_, ReportStatus.Missing) => Cause.Lost,
            _ => Cause.NotReported,
        };

    private static ReportRow RowOf(string user, Report report) => new(
        user, report.Identifier, report.Line, report.Value, report.Planned.Timestamp, report.Status, report.UpdatedAt);

    // whom a line's next report goes to
    private static BookKey KeyOf(string user, BillingState state, LineKey line)
    {
        var last = state.Of(line).LastOrDefault(report => report.Counts);
        return KeyOf(user, last is null ? state.StripeCustomer : last.StripeCustomer, line.StripeMeter);
    }

    private static BookKey KeyOf(string user, string? customer, string meter) => new(customer, customer is null ? user : null, meter);

    private static readonly Comparer<BookKey> Order = Comparer<BookKey>.Create((a, b) =>
        string.CompareOrdinal(a.Customer, b.Customer) is not 0 and var byCustomer ? byCustomer
        : string.CompareOrdinal(a.Alone, b.Alone) is not 0 and var byUser ? byUser
        : string.CompareOrdinal(a.StripeMeter, b.StripeMeter));
}
