using Metering.Client;
using Metering.V1;

namespace Metering.MainJob;

/// <summary>
/// Meters the calls of a trace: a reservation each, committed with what was really used. A user's calls one after another, users at once.
/// </summary>
internal sealed class Replay(Clients clients, long largestOutput)
{
    internal const int Callers = 64;

    internal async Task Run(IReadOnlyList<User> users, Gauge gauge, CancellationToken cancellation)
    {
        using var callers = new SemaphoreSlim(Callers);
        await Task.WhenAll(users.Select(user => Calls(user, callers, gauge, cancellation)));
    }

    private async Task Calls(User user, SemaphoreSlim callers, Gauge gauge, CancellationToken cancellation)
    {
        var turn = 0;
        foreach (var row in user.Rows)
        {
            await callers.WaitAsync(cancellation);
            try
            {
                await Call(clients.At(turn++), user, row, cancellation);
            }
            finally
            {
                callers.Release();
            }

            gauge.Add();
        }
    }

    // Not disposed: a call whose commit failed fails the job, and what it held must not look as if it had been given back.
    private async Task Call(MeteringClient metering, User user, TraceRow row, CancellationToken cancellation)
    {
        var hold = await metering.Reserve(user.Id, Most(row), cancellation: cancellation);
        if (!hold.Allowed) throw new JobException($"{user.Id} was denied {Words.Count(row.Input + largestOutput)} tokens: {hold.Denial}");
        var commit = await hold.Commit([Line.Of(Plans.Input, row.Input), Line.Of(Plans.Output, row.Output)], cancellation);
        user.Held += hold.Granted!.Draws.Sum(draw => draw.Amount);
        user.Unused += commit.Unused.Sum(draw => draw.Amount);
        (user.At, user.Revision) = (commit.At.ToDateTimeOffset(), commit.Revision);
    }

    // A reservation has no lines of nothing; a commit may.
    private IEnumerable<Line> Most(TraceRow row)
    {
        if (row.Input > 0) yield return Line.Of(Plans.Input, row.Input);
        yield return Line.Of(Plans.Output, largestOutput);
    }
}
