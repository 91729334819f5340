using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;
using Metering.Reservations.Models;
using Metering.Reservations.Requests;

namespace Metering.Reservations;

/// <summary>Hands commands to users' ledgers, and looks up in their streams what state alone cannot answer.</summary>
internal sealed class Ledgers(DecisionRunner<LedgerState, Command, Answer> runner, IEventStreams streams, ReservationHistory history)
{
    /// <summary>What the command is answered: <see cref="Recorded"/>, <see cref="Denied"/>, <see cref="Allowed"/> or <see cref="Usage"/>.</summary>
    /// <exception cref="RequestRefused">The ledger refused it.</exception>
    public async Task<Answer> Handle(string user, Command command, Caller caller, CancellationToken cancellation)
    {
        var stream = LedgerStreams.Of(user);
        var answer = await runner.Handle(stream, command, caller, cancellation);
        // what was found can be out of date by the time that it is decided on
        for (var tries = 0; answer is NeedsPast needed && tries < 3; tries++)
            answer = await runner.Handle(stream, With(command, await history.Find(stream, needed.Reservation, cancellation)), caller, cancellation);
        return answer switch
        {
            NeedsPast => throw new ClashException(stream),
            Refused refused => throw new RequestRefused(refused),
            DoneBefore before => await Repeat(stream, before, cancellation),
            ClosedBefore closed => await Repeat(stream, closed, cancellation),
            _ => answer,
        };
    }

    private static Command With(Command command, Past past) => command switch
    {
        Reserve reserve => reserve with { Past = past },
        Check check => check with { Past = past },
        Commit commit => commit with { Past = past },
        Release release => release with { Past = past },
        Extend extend => extend with { Past = past },
        Refund refund => refund with { Past = past },
        _ => throw new InvalidOperationException($"{command.GetType().Name} acts on no reservation"),
    };

    // a command makes two events at most
    private async Task<Recorded> Repeat(string stream, DoneBefore before, CancellationToken cancellation)
    {
        var (events, last) = (new List<LedgerEvent>(2), before.Revision);
        await foreach (var stored in streams.Read(stream, Direction.Forwards, before.Revision, 2, cancellation))
        {
            var happened = LedgerEvents.Decode(stored.Type, stored.Data.Span);
            if (!BelongsTo(before.Command, happened, events)) break;
            events.Add(happened);
            last = stored.Revision;
        }
        return new(events.ToItems(), last, true);
    }

    // the end of a period is a fact that is due by time, but here by the end of its plan
    private static bool BelongsTo(Guid command, LedgerEvent happened, List<LedgerEvent> before) =>
        happened.Cause?.Command == command || (happened is PeriodEnded && before is [PlanEnded]);

    // periods are closed in order and asked for again soon after: from the end it is near
    private async Task<Recorded> Repeat(string stream, ClosedBefore before, CancellationToken cancellation)
    {
        await foreach (var stored in streams.Read(stream, Direction.Backwards, Revisions.End, cancellation: cancellation))
            if (LedgerEvents.Decode(stored.Type, stored.Data.Span) is PeriodClosed closed && closed.Period.Number == before.Period)
                return new([closed], stored.Revision, true);
        throw new InvalidOperationException($"{stream} says that period {before.Period} is closed, but has no such event");
    }
}
