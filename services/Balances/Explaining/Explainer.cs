using Metering.Balances.Queries;
using Metering.Balances.ReadModels;
using Metering.Kernel.Streams;
using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.Balances.Explaining;

/// <summary>Explains from the streams alone: what a reservation came to, and why a command was denied.</summary>
internal sealed class Explainer(IEventStreams streams, CatalogReader catalog, Zones zones)
{
    /// <summary>The story of a reservation or a Track; none: there is no such one.</summary>
    public async Task<Charge?> Charge(string user, Guid reservation, CancellationToken cancellation)
    {
        var stream = LedgerStreams.Of(user);
        var state = await History.StateAsOf(streams, user, long.MaxValue, cancellation);
        var story = new ReservationStory(reservation);
        await foreach (var stored in streams.ReadFromFirst(stream, stored => LedgerEvents.Decode(stored.Type, stored.Data.Span).At >= story.Since, cancellation))
            if (stored.Revision > state.Revision || !story.TryAdd(stored.Revision, LedgerEvents.Decode(stored.Type, stored.Data.Span))) break;
        if (story.Events.Count == 0) return null;
        return new Charge(reservation, story, await Later(stream, reservation, state, story.Events[^1].Revision, cancellation), state);
    }

    /// <summary>
    /// What a Reserve (or an Extend) was answered at a moment, decided again as of a revision: <see cref="Explained"/>, or <see cref="Refused"/>. None: the
    /// user has no such revision.
    /// </summary>
    public async Task<Answer?> Denial(
        string user, long revision, DateTimeOffset at, IReadOnlyList<V1.Line> lines, Guid? reservation, Guid? parent, CancellationToken cancellation)
    {
        var known = await catalog.Read(cancellation);
        var state = await History.StateAsOf(streams, user, revision, cancellation);
        if (state.Revision != revision) return null;
        if (at < state.At) return new Refused(RefusalKind.Invalid, "at", $"a moment from {state.At:O} on: then that revision was decided");
        var from = (reservation ?? parent) is { } id && state.Holds.TryGetValue(id, out var hold) ? hold.At : at;
        var asked = Requests.Lines(lines, known, from, at);
        for (; ; )
            if (Decisions.Take(state, new Explain(asked, reservation, parent), at, zones).Answer is { } answer) return answer;
    }

    /// <summary>Refunds after the settling can be anywhere; the state says how much was refunded, so the search ends with the last one.</summary>
    private async Task<List<LateStep>> Later(string stream, Guid reservation, LedgerState state, long after, CancellationToken cancellation)
    {
        var found = new List<LateStep>();
        if (!state.LateRefunds.TryGetValue(reservation, out var late)) return found;
        var left = late.Lines.Sum(line => line.Quantity);
        var inAppend = false;
        await foreach (var stored in streams.Read(stream, Direction.Forwards, after + 1, cancellation: cancellation))
        {
            if (stored.Revision > state.Revision || (left == 0 && !inAppend)) break;
            if (!inAppend && !IsRefund(stored)) continue;
            var happened = LedgerEvents.Decode(stored.Type, stored.Data.Span);
            inAppend = inAppend && happened.Cause is null && happened.At == found[^1].Refunded.At;
            if (inAppend) AddExpiry(found[^1], happened);
            if (happened is not Refunded refunded || refunded.Reservation != reservation || left == 0) continue;
            found.Add(new LateStep(stored.Revision, refunded, []));
            left -= refunded.Lines.Sum(line => line.Quantity);
            inAppend = true;
        }
        return found;
    }

    // one version after another will be named so
    private static bool IsRefund(StoredEvent stored) => stored.Type.StartsWith("refunded.", StringComparison.Ordinal);

    private static void AddExpiry(LateStep step, LedgerEvent happened)
    {
        if (happened is CreditExpired expired && step.Refunded.Draws.Any(draw => draw.Parts.Any(part => part.Grant == expired.Grant)))
            step.Expired.Add(new Part(Bucket.Credit, expired.Amount, expired.Grant));
    }
}
