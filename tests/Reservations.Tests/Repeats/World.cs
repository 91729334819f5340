using System.Buffers.Binary;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Metering.Kernel.Streams;
using Metering.Kernel.Streams.Sqlite;
using Metering.Reservations.Tests.Services;

namespace Metering.Reservations.Tests.Repeats;

/// <summary>
/// The services over a store that outlives them, with a catalog. Ids are counted and time stands, so that two worlds in which the same is
/// asked answer the same.
/// </summary>
internal sealed class World : IAsyncDisposable
{
    private readonly string? folder;
    private readonly (string Key, string Value)[] settings;
    private IEventStreams? store;
    private long ids;

    private World(ManualTime clock, bool onDisk, (string Key, string Value)[] settings)
    {
        (Clock, this.settings) = (clock, settings);
        if (onDisk) folder = Directory.CreateTempSubdirectory("metering-repeats-").FullName;
    }

    public ManualTime Clock { get; }
    public LossyStreams Streams { get; private set; } = null!;
    public Instance Service { get; private set; } = null!;
    public string User { get; private set; } = "";

    public static async Task<World> Start(ManualTime clock, bool onDisk = false, params (string Key, string Value)[] settings)
    {
        var world = new World(clock, onDisk, settings);
        await world.Open();
        await world.Service.Catalog.DeclareMeterAsync(new() { Meter = new() { Name = "llm.tokens", Unit = "tokens" } });
        await world.Publish("pro", Group("tokens", V1.GroupKind.Funding, 500), Group("daily", V1.GroupKind.Cap, 400));
        return world;
    }

    /// <summary>Begins a case: a user of its own, ids of its own.</summary>
    public void Begin(int number, string user) => (ids, User) = (number * 1_000L, user);

    /// <summary>Ends the process, as far as the services can tell: all that is left is what the store holds.</summary>
    public async Task Restart()
    {
        await Close();
        await Open();
    }

    public string Id(TimeSpan ahead = default)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, (Clock.GetUtcNow() + ahead).ToUnixTimeMilliseconds() << 16);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], ++ids);
        (bytes[6], bytes[8]) = (0x70, 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }

    public Task Publish(string plan, params V1.LimitGroup[] groups) => Ask(new V1.PublishPlanRequest
    {
        CommandId = Id(), Plan = new() { Id = plan, Period = V1.WindowLength.Month, Currency = "USD", Groups = { groups } },
    });

    /// <summary>What a request is answered, over the wire.</summary>
    public Task<IMessage> Ask(IMessage request) => request switch
    {
        V1.ReserveRequest one => Answer(Service.Reservations.ReserveAsync(one)),
        V1.CommitRequest one => Answer(Service.Reservations.CommitAsync(one)),
        V1.ReleaseRequest one => Answer(Service.Reservations.ReleaseAsync(one)),
        V1.RefundRequest one => Answer(Service.Reservations.RefundAsync(one)),
        V1.ExtendRequest one => Answer(Service.Reservations.ExtendAsync(one)),
        V1.TrackRequest one => Answer(Service.Reservations.TrackAsync(one)),
        V1.CheckRequest one => Answer(Service.Reservations.CheckAsync(one)),
        V1.GetUsageRequest one => Answer(Service.Reservations.GetUsageAsync(one)),
        V1.AssignPlanRequest one => Answer(Service.Accounts.AssignPlanAsync(one)),
        V1.EndPlanRequest one => Answer(Service.Accounts.EndPlanAsync(one)),
        V1.CustomizeLimitsRequest one => Answer(Service.Accounts.CustomizeLimitsAsync(one)),
        V1.GrantCreditRequest one => Answer(Service.Accounts.GrantCreditAsync(one)),
        V1.RevokeCreditRequest one => Answer(Service.Accounts.RevokeCreditAsync(one)),
        V1.SuspendRequest one => Answer(Service.Accounts.SuspendAsync(one)),
        V1.ResumeRequest one => Answer(Service.Accounts.ResumeAsync(one)),
        V1.ClosePeriodRequest one => Answer(Service.Accounts.ClosePeriodAsync(one)),
        _ => AskCatalog(request),
    };

    /// <summary>How many events the user and the catalog have.</summary>
    public async Task<int> Events() => await Count($"ledger-{User}") + await Count("catalog");

    /// <summary>Some other command of the user's: what is older than the horizon is forgotten with it.</summary>
    public Task Else() => Ask(new V1.TrackRequest { User = User, CommandId = Id(), Lines = { Line(1) }, Mode = V1.TrackMode.PostPaid });

    public async ValueTask DisposeAsync()
    {
        await Close();
        if (folder is not null) Directory.Delete(folder, recursive: true);
    }

    public static V1.Line Line(long quantity) => new() { Meter = "llm.tokens", Quantity = quantity };

    public static V1.LimitGroup Group(string label, V1.GroupKind kind, long quota) => new()
    {
        Label = label, Unit = "tokens", Kind = kind, Matches = { new V1.Match { Meter = "llm.*" } }, Quota = quota,
        Window = kind == V1.GroupKind.Cap ? V1.WindowLength.Day : V1.WindowLength.BillingPeriod, Thresholds = { 10, 50 },
    };

    private Task<IMessage> AskCatalog(IMessage request) => request switch
    {
        V1.DeclareMeterRequest one => Answer(Service.Catalog.DeclareMeterAsync(one)),
        V1.PublishPlanRequest one => Answer(Service.Catalog.PublishPlanAsync(one)),
        V1.RetirePlanRequest one => Answer(Service.Catalog.RetirePlanAsync(one)),
        V1.PublishPriceBookRequest one => Answer(Service.Catalog.PublishPriceBookAsync(one)),
        _ => throw new ArgumentException($"nothing to ask with a {request.Descriptor.Name}"),
    };

    private static async Task<IMessage> Answer<T>(AsyncUnaryCall<T> call) where T : IMessage => await call;

    private async Task Open()
    {
        if (folder is not null) store = new SqliteStreams(new SqliteStreamsSettings(Path.Combine(folder, "events.db")), Clock);
        Streams = new LossyStreams(store ??= new MemoryStreams(Clock));
        Service = await Instance.Start(Streams, Clock, settings);
    }

    private async Task Close()
    {
        await Service.DisposeAsync();
        if (store is IAsyncDisposable file) await file.DisposeAsync();
    }

    private async Task<int> Count(string stream)
    {
        await foreach (var last in store!.Read(stream, Direction.Backwards, Revisions.End, 1)) return (int)last.Revision + 1;
        return 0;
    }
}
