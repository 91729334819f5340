using System.Runtime.CompilerServices;
using Metering.BillingSync.ReadModels;
using Metering.BillingSync.Reports;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;

namespace Metering.BillingSync.Reconciling;

/// <summary>One customer on one Stripe meter; a user without a customer is alone.</summary>
public readonly record struct BookKey(string? Customer, string? Alone, string StripeMeter);

/// <summary>
/// Sorts reports and lines into the windows that Stripe can be asked for. Several users can share a customer, several groups a meter:
/// Stripe knows only their sum. A report lies where its timestamp does: what is expected of a window is exact wherever its edges are.
/// </summary>
public static class Books
{
    /// <summary>Who is in which book, in order, a book in memory at a time; of one user only the own books.</summary>
    public static async IAsyncEnumerable<(BookKey Key, IReadOnlyList<string> Users)> All(
        BillingView view, string? user, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var (index, range) = user is null ? (BookMember.ByBook, KeyRange.All) : (BookMember.ByUser, BookMember.Of(user));
        var book = "";
        await foreach (var member in view.Scan(index, range, cancellation))
        {
            if (member.Book == book) continue;
            book = member.Book;
            yield return (KeyOf(member.User, member.Customer, member.StripeMeter), await UsersOf(view, book, cancellation));
        }
    }

    /// <summary>A book's windows as of now, the oldest first.</summary>
    public static async Task<List<BilledWindow>> Windows(
        IEventStreams streams, BookKey key, IEnumerable<string> users, BillingPolicy policy, DateTimeOffset now,
        CancellationToken cancellation)
    {
        var (lines, reports, edges) = (new List<LineRow>(), new List<ReportRow>(), new SortedSet<DateTimeOffset>());
        foreach (var user in users)
        {
            var state = await BillingModel.Read(streams, user, cancellation);
            foreach (var line in state.Lines)
                if (state.TakenOf(line.Line.Period) is { } taken && KeyOf(user, state, line.Line) == key)
                {
                    edges.Add(Minutes.Ceiling(taken.Start));
                    edges.Add(Minutes.Ceiling(taken.SliceEnd ?? taken.End));
                    lines.Add(RowOf(user, state, policy, line, taken, now));
                }
            reports.AddRange(state.Reports.Where(report => KeyOf(user, report.StripeCustomer, report.Planned.EventName) == key)
                .Select(report => RowOf(user, report)));
        }
        return Sort(key, lines, reports, edges);
    }

    private static async Task<IReadOnlyList<string>> UsersOf(BillingView view, string book, CancellationToken cancellation)
    {
        var users = new List<string>();
        await foreach (var member in view.Scan(BookMember.ByBook, BookMember.In(book), cancellation)) users.Add(member.User);
        return users;
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
            user, line, Planning.TimestampOf(taken), RestCause(policy, taken, line.Line.StripeMeter, uncounted.LastOrDefault(), now),
            policy.TooLate(Planning.TimestampOf(taken), taken.End, now) is not null, [.. uncounted.Select(report => report.Identifier)]);
    }

    private static Cause RestCause(BillingPolicy policy, TotalsTaken taken, string meter, Report? uncounted, DateTimeOffset now) =>
        taken.SliceEnd is not null && now < taken.End && !policy.Continuous.Contains(meter) ? Cause.WaitsForPeriodEnd
        : (policy.TooLate(Planning.TimestampOf(taken), taken.End, now), uncounted?.Status) switch
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
}
