using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using static Metering.Reservations.Tests.Repeats.World;

namespace Metering.Reservations.Tests.Repeats;

/// <summary>A command that changes something: how it comes to be possible, and what else could be asked under its id.</summary>
/// <param name="Prepare">Does what has to be done before, and makes the request.</param>
/// <param name="Other">Another content under the same id; none where the request has nothing but its key.</param>
/// <param name="After">What passes between the two.</param>
/// <param name="ForEver">Keyed by content, or in the catalog, which remembers all its commands: answered again however late.</param>
internal sealed record Deed(
    string Name, Func<World, Task<IMessage>> Prepare, Func<World, IMessage, IMessage>? Other, TimeSpan After = default,
    bool ForEver = false)
{
    private const string Meter = "llm.tokens";

    public static readonly Deed[] All =
    [
        new("reserve", world => WithPlan(world, _ => Reserve(world, 100)), Change<V1.ReserveRequest>(one => one.Lines[0].Quantity++)),
        new("commit", Commit, Change<V1.CommitRequest>(one => one.Actual.Items[0].Quantity++)),
        new("commit whole",
            async world => new V1.CommitRequest { User = world.User, ReservationId = await Hold(world), CommandId = world.Id() },
            Change<V1.CommitRequest>(one => one.Actual = new())),
        new("release",
            async world => new V1.ReleaseRequest { User = world.User, ReservationId = await Hold(world), CommandId = world.Id() },
            (world, request) => Changed<V1.ReleaseRequest>(request, one => one.ReservationId = world.Id())),
        new("refund", Refund, Change<V1.RefundRequest>(one => one.Lines.Items[0].Quantity++)),
        new("refund, a period later", Refund, Change<V1.RefundRequest>(one => one.Reason = "another"), TimeSpan.FromDays(40)),
        new("extend", Extend, Change<V1.ExtendRequest>(one => one.Add[0].Quantity++)),
        new("track, enforced", world => WithPlan(world, _ => Track(world, V1.TrackMode.Enforced)),
            Change<V1.TrackRequest>(one => one.Mode = V1.TrackMode.PostPaid)),
        new("track, post-paid", world => WithPlan(world, _ => Track(world, V1.TrackMode.PostPaid)),
            Change<V1.TrackRequest>(one => one.OccurredAt = new Timestamp())),
        new("track, late", world => WithPlan(world, _ => Late(world)), Change<V1.TrackRequest>(one => one.OccurredAt = null)),
        new("track, of a user without a plan", world => Made(Track(world, V1.TrackMode.PostPaid)),
            Change<V1.TrackRequest>(one => one.Lines[0].Quantity++)),
        new("assign plan", world => Made(Assign(world)), Change<V1.AssignPlanRequest>(one => one.StripeCustomer = "cus_1")),
        new("assign plan, anew", world => WithPlan(world, _ => Anew(world)), Change<V1.AssignPlanRequest>(one => one.Version = 1)),
        new("end plan", world => WithPlan(world, _ => new V1.EndPlanRequest { User = world.User, CommandId = world.Id() }), Suspended),
        new("customize limits", Customize, Change<V1.CustomizeLimitsRequest>(one => one.Limits[0].Quota++)),
        new("grant credit", world => Made(Grant(world)), Change<V1.GrantCreditRequest>(one => one.Amount++)),
        new("revoke credit", Revoke, (world, request) => Changed<V1.RevokeCreditRequest>(request, one => one.GrantId = world.Id())),
        new("suspend", world => Made(Suspend(world)), Change<V1.SuspendRequest>(one => one.Reason = "another")),
        new("resume", Resume, Suspended),
        new("close period", ClosePeriod, null, TimeSpan.FromDays(40), ForEver: true),
        new("declare meter", world => Made(new V1.DeclareMeterRequest { Meter = new() { Name = world.User, Unit = "tokens" } }),
            Change<V1.DeclareMeterRequest>(one => one.Meter.Unit = "count"), ForEver: true),
        new("publish plan", world => Made(PublishPlan(world)),
            Change<V1.PublishPlanRequest>(one => one.Plan.Groups[0].Thresholds.Add(90)), ForEver: true),
        new("retire plan", RetirePlan, null, ForEver: true),
        new("publish price book", world => Made(PriceBook(world)),
            Change<V1.PublishPriceBookRequest>(one => one.MarkupPpm = 1), ForEver: true),
    ];

    public override string ToString() => Name;

    private static async Task<IMessage> WithPlan(World world, Func<string, IMessage> request)
    {
        await world.Ask(Assign(world));
        return request(world.User);
    }

    private static async Task<string> Hold(World world) =>
        ((V1.ReserveReply)await world.Ask(await WithPlan(world, user => Reserve(world, 100)))).Granted.ReservationId;

    private static async Task<IMessage> Commit(World world) => new V1.CommitRequest
    {
        User = world.User, ReservationId = await Hold(world), CommandId = world.Id(), Actual = new() { Items = { Line(70) } },
    };

    private static async Task<IMessage> Refund(World world)
    {
        var commit = (V1.CommitRequest)await Commit(world);
        await world.Ask(commit);
        return new V1.RefundRequest
        {
            User = world.User, ReservationId = commit.ReservationId, CommandId = world.Id(), Reason = "provider_error",
            Lines = new() { Items = { Line(20) } },
        };
    }

    private static async Task<IMessage> Extend(World world) => new V1.ExtendRequest
    {
        User = world.User, ReservationId = await Hold(world), CommandId = world.Id(), Add = { Line(20) },
        TimeToLive = Duration.FromTimeSpan(TimeSpan.FromMinutes(20)),
    };

    private static async Task<IMessage> Customize(World world) => await WithPlan(world, user => new V1.CustomizeLimitsRequest
    {
        User = user, CommandId = world.Id(), Limits = { new V1.CustomLimit { Group = "tokens", Quota = 7 } },
    });

    private static async Task<IMessage> Revoke(World world)
    {
        var grant = Grant(world);
        await world.Ask(grant);
        return new V1.RevokeCreditRequest { User = world.User, CommandId = world.Id(), GrantId = grant.CommandId };
    }

    private static async Task<IMessage> Resume(World world)
    {
        await world.Ask(Suspend(world));
        return new V1.ResumeRequest { User = world.User, CommandId = world.Id() };
    }

    private static async Task<IMessage> ClosePeriod(World world)
    {
        await world.Ask(await WithPlan(world, user => Track(world, V1.TrackMode.Enforced)));
        return new V1.ClosePeriodRequest { User = world.User, Period = 1 };
    }

    private static async Task<IMessage> RetirePlan(World world)
    {
        await world.Ask(PublishPlan(world));
        return new V1.RetirePlanRequest { PlanId = world.User };
    }

    private static V1.ReserveRequest Reserve(World world, long quantity) =>
        new() { User = world.User, CommandId = world.Id(), Lines = { Line(quantity) } };

    private static V1.TrackRequest Track(World world, V1.TrackMode mode) =>
        new() { User = world.User, CommandId = world.Id(), Lines = { Line(60) }, Mode = mode };

    private static V1.TrackRequest Late(World world)
    {
        var track = Track(world, V1.TrackMode.PostPaid);
        track.OccurredAt = (world.Clock.GetUtcNow() - TimeSpan.FromHours(1)).ToTimestamp();
        return track;
    }

    private static V1.AssignPlanRequest Assign(World world) => new() { User = world.User, CommandId = world.Id(), PlanId = "pro" };

    private static V1.AssignPlanRequest Anew(World world) => new(Assign(world)) { Change = V1.PlanChange.NowReset };

    private static V1.GrantCreditRequest Grant(World world) =>
        new() { User = world.User, CommandId = world.Id(), Unit = "tokens", Amount = 50, Source = "pay_1" };

    private static V1.SuspendRequest Suspend(World world) => new() { User = world.User, CommandId = world.Id(), Reason = "payment_failed" };

    private static V1.PublishPlanRequest PublishPlan(World world) => new()
    {
        CommandId = world.Id(),
        Plan = new()
        {
            Id = world.User, Period = V1.WindowLength.Month, Currency = "USD", Groups = { Group("tokens", V1.GroupKind.Funding, 5) },
        },
    };

    private static V1.PublishPriceBookRequest PriceBook(World world) => new()
    {
        CommandId = world.Id(), Currency = "USD",
        Entries = { new V1.PriceEntry { Meter = Meter, Cost = new() { Nanos = 1, Per = 1 }, Price = new() { Nanos = 2, Per = 1 } } },
    };

    private static Task<IMessage> Made(IMessage request) => Task.FromResult(request);

    private static Func<World, IMessage, IMessage> Change<T>(Action<T> change) where T : class, IMessage<T> =>
        (_, request) => Changed(request, change);

    private static T Changed<T>(IMessage request, Action<T> change) where T : class, IMessage<T>
    {
        var changed = ((T)request).Clone();
        change(changed);
        return changed;
    }

    /// <summary>What has no content but its kind: another kind under the same id.</summary>
    private static IMessage Suspended(World world, IMessage request) =>
        new V1.SuspendRequest { User = world.User, CommandId = request.CommandId(), Reason = "payment_failed" };
}
