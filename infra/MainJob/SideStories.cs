using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Metering.Client;
using Metering.V1;

namespace Metering.MainJob;

/// <summary>What else can happen to a reservation, each on a user of its own, so that it touches none of the trace's totals.</summary>
internal sealed class SideStories(Clients clients, Plans plans, string name, TimeProvider time)
{
    private static readonly TimeSpan LifeTime = TimeSpan.FromSeconds(1); // the shortest there is
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ExpiryPatience = TimeSpan.FromSeconds(10);

    internal IReadOnlyList<string> Users { get; } =
        [$"{name}side-denied", $"{name}side-released", $"{name}side-expired", $"{name}side-refunded"];

    /// <returns>How each ended, in words.</returns>
    internal async Task<IReadOnlyList<string>> Run(CancellationToken cancellation)
    {
        await Task.WhenAll(Users.Select(user => plans.AssignCapped(user, cancellation)));
        return await Task.WhenAll(
            Denied(Users[0], cancellation), Released(Users[1], cancellation),
            Expired(Users[2], cancellation), Refunded(Users[3], cancellation));
    }

    private async Task<string> Denied(string user, CancellationToken cancellation)
    {
        await using (var first = await Reserve(user, 8_000, cancellation)) await first.Commit(cancellation: cancellation);
        await using var second = await clients.Metering.Reserve(user, [Line.Of(Plans.Output, 3_000)], cancellation: cancellation);
        var denial = second.Denial ?? throw new JobException($"{user} was granted more than the cap of {Plans.DailyMost}");
        var expected = denial is { Reason: DenialReason.CapReached, Group: Plans.DailyCap, Remaining: 2_000, Used: 8_000 };
        JobException.Unless(expected, $"{user} was denied in another way: {denial}");
        return $"denied    3,000 tokens: {denial.Reason} by {denial.Group}, {Words.Count(denial.Used)} of {Words.Count(denial.Quota)} used, "
            + $"{Words.Count(denial.Remaining)} remaining, resets {Words.Moment(denial.ResetsAt.ToDateTimeOffset())}";
    }

    private async Task<string> Released(string user, CancellationToken cancellation)
    {
        await using var hold = await Reserve(user, 5_000, cancellation);
        var held = await Group(user, cancellation);
        await hold.Release(cancellation);
        var after = await Group(user, cancellation);
        var expected = held is { Held: 5_000 } && after is { Held: 0, Used: 0 };
        JobException.Unless(expected, $"{user}'s release did not give 5,000 back: {held}, then {after}");
        return "released  5,000 tokens held, the call failed, all of them given back";
    }

    private async Task<string> Expired(string user, CancellationToken cancellation)
    {
        var request = new ReserveRequest
        {
            User = user, CommandId = clients.NewId(), Lines = { Line.Of(Plans.Output, 7_000) },
            TimeToLive = LifeTime.ToDuration(), Grace = Grace.ToDuration(),
        };
        var hold = (await clients.Send(call => clients.Calls.ReserveAsync(request, call), cancellation)).Granted;
        if (hold is null) throw new JobException($"{user} was denied 7,000 tokens");
        var due = hold.Deadline.ToDateTimeOffset() + hold.Grace.ToTimeSpan();
        var seen = await Gone(user, due, cancellation);
        JobException.Unless(seen >= due, $"{user}'s hold was gone at {seen:O}, before {due:O}");
        JobException.Unless(await IsTooLate(user, hold.ReservationId, cancellation), $"{user} could commit an expired reservation");
        return $"expired   7,000 tokens held for {Words.Seconds(LifeTime)} + {Words.Seconds(Grace)} grace, nobody settled them, "
            + "they are free again; a late commit is refused";
    }

    private async Task<string> Refunded(string user, CancellationToken cancellation)
    {
        await using var hold = await Reserve(user, 4_000, cancellation);
        await hold.Commit([Line.Of(Plans.Output, 3_000)], cancellation);
        var refund = await clients.Metering.Refund(user, hold.Id, "provider_error", [Line.Of(Plans.Output, 1_200)], cancellation);
        var after = await Group(user, cancellation);
        JobException.Unless(after is { Held: 0, Used: 1_800 }, $"{user}'s late refund left {after}");
        var back = refund.Lines.Sum(line => line.Quantity);
        return $"refunded  {Words.Count(back)} of 3,000 tokens after their commit, for reason provider_error; 1,800 used remain";
    }

    private async Task<Reservation> Reserve(string user, long tokens, CancellationToken cancellation)
    {
        var hold = await clients.Metering.Reserve(user, [Line.Of(Plans.Output, tokens)], cancellation: cancellation);
        JobException.Unless(hold.Allowed, $"{user} was denied {Words.Count(tokens)} tokens: {hold.Denial}");
        return hold;
    }

    private async Task<GroupUsage> Group(string user, CancellationToken cancellation) =>
        (await clients.Metering.GetUsage(user, cancellation)).Groups.Single(group => group.Group == Plans.Group);

    // The hold must go by itself, by time alone: until then and after it, this only reads.
    private async Task<DateTimeOffset> Gone(string user, DateTimeOffset due, CancellationToken cancellation)
    {
        while (time.GetUtcNow() < due + ExpiryPatience)
        {
            var usage = await clients.Metering.GetUsage(user, cancellation);
            if (usage.OpenHolds == 0) return usage.At.ToDateTimeOffset();
            var left = due - time.GetUtcNow();
            await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(20), time, cancellation);
        }

        throw new JobException($"{user}'s hold is still there {Words.Seconds(ExpiryPatience)} after it was due");
    }

    private async Task<bool> IsTooLate(string user, string reservation, CancellationToken cancellation)
    {
        var commit = new CommitRequest { User = user, CommandId = clients.NewId(), ReservationId = reservation };
        try
        {
            await clients.Send(call => clients.Calls.CommitAsync(commit, call), cancellation);
            return false;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.FailedPrecondition)
        {
            return true;
        }
    }
}
