using System.Runtime.CompilerServices;
using Metering.BillingSync.Replaying;
using Metering.BillingSync.Reports;
using Metering.Kernel.Streams;
using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.BillingSync.Explaining;

/// <summary>
/// Explains from the streams alone. An event's part of a total is what the total is more after it than before: so the parts sum to the
/// total whatever it is of, tiers and adjustments included.
/// </summary>
public sealed class LineExplainer(IEventStreams streams)
{
    /// <summary>The story of a report; none if the user has no such one.</summary>
    public async Task<LineStory?> OfReport(string user, string identifier, CancellationToken cancellation)
    {
        var (state, story) = (new BillingState(), (LineStory?)null);
        await foreach (var happened in Events(user, cancellation))
        {
            if (happened is ReportPlanned planned && planned.Identifier == identifier)
                story = StoryOf(user, state, new LineKey(planned.Period, planned.Group, planned.EventName));
            state.Fold(happened);
        }
        if (story is null || !state.TryFind(identifier, out var report)) return null;
        var isClosed = state.TakenOf(story.Line.Period) is { Closed: true };
        return story with { Report = report, Reports = state.Of(story.Line), IsClosedNow = isClosed };
    }

    /// <summary>The story of a line by now; none if the user has no such one.</summary>
    public async Task<LineStory?> OfLine(string user, int period, string group, string? stripeMeter, CancellationToken cancellation)
    {
        var state = new BillingState();
        await foreach (var happened in Events(user, cancellation)) state.Fold(happened);
        var lines = state.LinesOf(period).Select(line => line.Line)
            .Where(line => line.Group == group && (stripeMeter is null || line.StripeMeter == stripeMeter)).ToList();
        return lines.Count == 1 ? StoryOf(user, state, lines[0]) : null;
    }

    /// <summary>The events that the story's totals are the sum of, in order.</summary>
    public async IAsyncEnumerable<LedgerPart> Parts(LineStory story, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var sums = await SumsOf(story, cancellation);
        var (state, amounts) = (new LedgerState(), new long[sums.Count]);
        await foreach (var (stored, happened) in Ledger(story, cancellation))
        {
            Fold.Apply(state, happened);
            if (!Bookkeeper.MayChange(happened, story.Line.Period) || state.Period(story.Line.Period) is not { } period) continue;
            var totals = Totals.Of(state, period, closing: false);
            for (var i = 0; i < sums.Count; i++)
            {
                var amount = sums[i].AmountIn(totals);
                if (amount != amounts[i])
                    yield return new(stored.Revision, stored.Type, happened.At, ReservationOf(happened), amount - amounts[i], i);
                amounts[i] = amount;
            }
        }
    }

    private static LineStory? StoryOf(string user, BillingState state, LineKey line)
    {
        if (state.TakenOf(line.Period) is not { } taken) return null;
        var carries = state.Carries.Where(carry => carry.Group == line.Group && carry.StripeMeter == line.StripeMeter)
            .Where(carry => carry.FromPeriod == line.Period || carry.ToPeriod == line.Period);
        return new(user, taken, state.BalanceOf(line), null, [.. state.Of(line)], [.. carries]);
    }

    private async IAsyncEnumerable<BillingEvent> Events(string user, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var stored in streams.Read(BillingModel.StreamOf(user), Direction.Forwards, 0, cancellation: cancellation))
            yield return BillingEvents.Decode(stored.Type, stored.Data.Span);
    }

    /// <summary>The ledger up to the moment at which the story's totals were taken.</summary>
    private async IAsyncEnumerable<(StoredEvent Stored, LedgerEvent Happened)> Ledger(
        LineStory story, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var stored in streams.Read(LedgerStreams.Of(story.User), Direction.Forwards, 0, cancellation: cancellation))
        {
            if (stored.Revision > story.Taken.LedgerRevision) break;
            yield return (stored, LedgerEvents.Decode(stored.Type, stored.Data.Span));
        }
    }

    /// <summary>
    /// Which of the group's sums report to the line's Stripe meter, in the order of the totals: the plan at that moment says.
    /// </summary>
    private async Task<List<Sum>> SumsOf(LineStory story, CancellationToken cancellation)
    {
        var (state, groups) = (new LedgerState(), Items<GroupTotal>.Empty);
        await foreach (var (_, happened) in Ledger(story, cancellation))
        {
            Fold.Apply(state, happened);
            if (happened is PeriodClosed closed && closed.Period.Number == story.Line.Period) groups = closed.Groups;
        }
        if (state.Period(story.Line.Period) is { } open) groups = Totals.Of(state, open, closing: false);
        return [.. groups.Where(total => total.Group == story.Line.Group && total.Reporting?.StripeMeter == story.Line.StripeMeter)
            .Select(total => new Sum(total.Group, total.Since, total.Reporting!.What))];
    }

    private static Guid? ReservationOf(LedgerEvent happened) => happened switch
    {
        Committed e => e.Reservation,
        Refunded e => e.Reservation,
        UsageTracked e => e.Cause!.Command,
        _ => null,
    };

    private sealed record Sum(string Group, int Since, Ledger.Catalog.Reports What)
    {
        public long AmountIn(Items<GroupTotal> totals) =>
            totals.FirstOrDefault(one => one.Group == Group && one.Since == Since)?.Billed(What) ?? 0;
    }
}
