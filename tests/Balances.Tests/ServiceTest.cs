using Grpc.Core;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Tests.Accounts;
using Metering.V1;

namespace Metering.Balances.Tests;

/// <summary>A clock that is set; timers are the system's.</summary>
internal sealed class SetTime : TimeProvider
{
    private long ticks = AccountSamples.May.UtcTicks;

    public DateTimeOffset Now
    {
        get => new(Interlocked.Read(ref ticks), TimeSpan.Zero);
        set => Interlocked.Exchange(ref ticks, value.UtcTicks);
    }

    public override DateTimeOffset GetUtcNow() => Now;
}

/// <summary>Runs the service for each test.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal abstract class ServiceTest : IDisposable
{
    private readonly CancellationTokenSource stop = new(TimeSpan.FromSeconds(60));

    protected ServiceTest()
    {
        Streams = new MemoryStreams(Time);
        Accounts = new ClosingAccounts(Streams);
    }

    protected SetTime Time { get; } = new();
    protected Ear Ear { get; } = new();
    protected MemoryStreams Streams { get; }
    protected ClosingAccounts Accounts { get; }
    protected InProcess Service { get; set; } = null!;
    protected V1.Balances.BalancesClient Client => Service.Client;

    /// <summary>Ends a test that would wait for ever.</summary>
    protected CancellationToken Stop => stop.Token;

    public void Dispose() => stop.Dispose();

    [SetUp]
    public async Task StartService() => Service = await Start(await ReadModels());

    /// <summary>The setting <c>ReadModels</c> of the service, whose documents are none yet.</summary>
    protected virtual Task<string> ReadModels() => Task.FromResult("memory");

    protected Task<InProcess> Start(string readModels) => InProcess.Start(Streams, Time, Accounts, Ear, readModels);

    [TearDown]
    public async Task StopService()
    {
        // none if it could not be started
        if (Service is not null) await Service.DisposeAsync();
    }

    protected Player Player(string user, Ledger.Catalog.Plan? plan = null)
    {
        var player = new Player(user);
        Accounts.Players[user] = player;
        player.Do(id => new AssignPlan(id, AccountSamples.Hash(9), plan ?? AccountSamples.PlanOf(AccountSamples.Quota(500)), Ledger.Accounts.PlanChange.NextPeriod, "cus_1"));
        return player;
    }

    protected static Guid Reserve(Player player, long tokens)
    {
        var id = player.NewId();
        player.Do(new Reserve(id, AccountSamples.Hash(5), [AccountSamples.Tokens(tokens)], AccountSamples.TenMinutes, AccountSamples.Grace));
        return id;
    }

    /// <summary>Appends what the player did and waits until it is in the documents.</summary>
    protected async Task Show(params Player[] players)
    {
        foreach (var player in players) await Service.Projector().WaitFor(await player.AppendTo(Streams, Stop), Stop);
    }

    protected static async Task<(StatusCode, string Field)> Refused<T>(AsyncUnaryCall<T> call)
    {
        try
        {
            await call;
        }
        catch (RpcException error)
        {
            var trailer = error.Trailers.GetValueBytes("metering-error-bin")!;
            return (error.StatusCode, Error.Parser.ParseFrom(trailer).Field);
        }
        throw new AssertionException("it was answered");
    }
}
