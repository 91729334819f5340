using Grpc.Core;
using Metering.Kernel.Streams;

namespace Metering.Reservations.Tests.Services;

/// <summary>A service with two meters, a plan of 500 tokens a month with a cap a day, and a user who has it.</summary>
public abstract class ServiceTest
{
    private int users;

    internal ShiftedTime Clock { get; private set; } = null!;
    internal FailingStreams Streams { get; private set; } = null!;
    internal Instance Service { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task StartService()
    {
        Clock = new ShiftedTime();
        Streams = new FailingStreams(new MemoryStreams(Clock));
        Service = await Instance.Start(Streams, Clock);
        await Service.Catalog.DeclareMeterAsync(new() { Meter = new() { Name = "llm.tokens", Unit = "tokens" } });
        await Service.Catalog.DeclareMeterAsync(new() { Meter = new() { Name = "image.render", Unit = "count" } });
        await Service.Catalog.PublishPlanAsync(new() { CommandId = Id(), Plan = Plan("pro", Funding(500), Cap(400)) });
    }

    [OneTimeTearDown]
    public async Task StopService() => await Service.DisposeAsync();

    [SetUp]
    public void TheStoreIsBack() => Streams.IsAway = false;

    internal string Id() => Guid.CreateVersion7(Clock.GetUtcNow()).ToString();

    internal async Task<string> NewUser(string plan = "pro")
    {
        var user = $"user-{++users}";
        await Service.Accounts.AssignPlanAsync(new() { User = user, CommandId = Id(), PlanId = plan });
        return user;
    }

    internal V1.ReserveRequest Reserve(string user, long quantity) =>
        new() { User = user, CommandId = Id(), Lines = { Line(quantity) } };

    internal V1.CommitRequest Commit(string user, string reservation, long quantity) =>
        new() { User = user, CommandId = Id(), ReservationId = reservation, Actual = new() { Items = { Line(quantity) } } };

    internal async Task<V1.GroupUsage> Tokens(string user) =>
        (await Service.Reservations.GetUsageAsync(new() { User = user })).Usage.Groups.Single(group => group.Group == "tokens");

    internal static V1.Line Line(long quantity, string meter = "llm.tokens") => new() { Meter = meter, Quantity = quantity };

    internal static V1.Plan Plan(string id, params V1.LimitGroup[] groups) =>
        new() { Id = id, Period = V1.WindowLength.Month, Currency = "USD", Groups = { groups } };

    internal static V1.LimitGroup Funding(long quota) => new()
    {
        Label = "tokens", Unit = "tokens", Kind = V1.GroupKind.Funding, Matches = { new V1.Match { Meter = "llm.*" } }, Quota = quota,
        Window = V1.WindowLength.BillingPeriod,
    };

    internal static V1.LimitGroup Cap(long quota) => new()
    {
        Label = "daily", Unit = "tokens", Kind = V1.GroupKind.Cap, Matches = { new V1.Match { Meter = "llm.*" } }, Quota = quota,
        Window = V1.WindowLength.Day,
    };

    /// <summary>The call fails with this status and names this field in its trailer.</summary>
    internal static async Task Fails<T>(AsyncUnaryCall<T> call, StatusCode code, string? field = null)
    {
        var failure = await Failure(call);
        Assert.That(failure.StatusCode, Is.EqualTo(code), failure.Status.Detail);
        var trailer = failure.Trailers.GetValueBytes("metering-error-bin");
        Assert.That(trailer is null ? null : V1.Error.Parser.ParseFrom(trailer).Field, Is.EqualTo(field));
    }

    private static async Task<RpcException> Failure<T>(AsyncUnaryCall<T> call)
    {
        try
        {
            var reply = await call;
            throw new AssertionException($"it did not fail: {reply}");
        }
        catch (RpcException failure)
        {
            return failure;
        }
    }
}
