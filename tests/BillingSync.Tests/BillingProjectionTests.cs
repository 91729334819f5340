using System.Text.Json;
using Metering.BillingSync.ReadModels;
using Metering.BillingSync.Reports;
using Metering.Kernel.Projecting;
using Metering.Kernel.ReadModels;
using Metering.Kernel.ReadModels.Postgres;
using Metering.Kernel.Streams;
using Metering.Kernel.Tests.ReadModels;
using Metering.StripeSimulator;
using Microsoft.Extensions.Logging.Abstractions;
using EventCounts = Metering.Kernel.Projecting.EventCounts;
using static Metering.BillingSync.Tests.BillingSpec;

namespace Metering.BillingSync.Tests;

/// <summary>
/// The read model of a story with all that can become of a report. The simulation compares it with the streams after each of its schedules.
/// </summary>
public sealed class BillingProjectionTests : SimulatedStripe
{
    [Test]
    public async Task It_shows_what_is_decided_on_however_events_were_cut_into_batches()
    {
        await Tell();
        var whole = await Text(await Projected.From(Streams, new MemoryReadModel(BillingProjection.Schema), new Random(0)));
        for (var seed = 1; seed < 20; seed++)
        {
            var documents = await Projected.From(Streams, new MemoryReadModel(BillingProjection.Schema), new Random(seed));
            Assert.That(await Text(documents), Is.EqualTo(whole));
            await Projected.Agree(documents, await States(), BillingPolicy.Default, Time.GetUtcNow());
        }
    }

    [Test, NonParallelizable]
    public async Task It_is_the_same_in_PostgreSQL()
    {
        var database = PostgresServer.Required();
        await PostgresServer.Drop(BillingProjection.Name);
        await Tell();
        await using var generations = new MartenGenerations(database, BillingProjection.Schema.With<EventCounts>());
        var documents = await Projected.From(Streams, (await generations.Live(CancellationToken.None)).Documents, new Random(1));
        await Projected.Agree(documents, await States(), BillingPolicy.Default, Time.GetUtcNow());
        var inMemory = await Projected.From(Streams, new MemoryReadModel(BillingProjection.Schema), new Random(2));
        Assert.That(await Text(documents), Is.EqualTo(await Text(inMemory)));
    }

    [Test, NonParallelizable, CancelAfter(30_000)]
    public async Task An_instance_that_stands_by_sees_what_another_one_keeps(CancellationToken stop)
    {
        var database = PostgresServer.Required();
        await PostgresServer.Drop(BillingProjection.Name);
        await using var kept = new MartenGenerations(database, BillingProjection.Schema.With<EventCounts>());
        await using var seen = new MartenGenerations(database, BillingProjection.Schema.With<EventCounts>());
        using var turn = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var keeping = Instance(kept).Keeper.Run(turn.Token);
        var view = Instance(seen).View;
        await Tell();
        await view.CatchUp(stop);
        await view.WaitFor(User, (await StateOf(User)).Revision, stop);
        Assert.That((await view.Find(Account.Events[0].Identifier, stop))?.Standing.Status, Is.EqualTo(ReportStatus.Missing));
        await turn.CancelAsync();
        await keeping;
    }

    [Test]
    public void An_event_that_is_missing_stops_it()
    {
        var (type, data) = BillingEvents.Encode(new ReportAccepted(Now, "metering-1", false));
        var second = new StoredEvent("billing-ann", 1, new Position(1, 1), Source(1), type, data, default);
        Assert.That(
            () => BillingProjection.Projection.Fold([second], new MemoryReadModel(BillingProjection.Schema), CancellationToken.None),
            Throws.InvalidOperationException.With.Message.EqualTo("billing-ann goes on with revision 1 after -1"));
    }

    private (Keeper Keeper, BillingView View) Instance(IGenerations generations)
    {
        var (documents, log) = (new LiveReadModel(generations), NullLogger<Projector>.Instance);
        var projector = new Projector(BillingProjection.Projection, documents, Streams, TimeProvider.System, log);
        var rebuilder = new Rebuilder(BillingProjection.Projection, generations, Streams, TimeProvider.System, log);
        var keeper = new Keeper(generations, projector, rebuilder, TimeProvider.System, NullLogger<Keeper>.Instance);
        return (keeper, new BillingView(documents, projector, keeper, Streams, TimeProvider.System));
    }

    /// <summary>Reports that are accepted, confirmed, refused, missing, linked, too late, on their way; and a carried value.</summary>
    private async Task Tell()
    {
        var process = await StartProcess();
        await process.Settle(Ended(10, Usage(700)));
        await process.Settle(Closed(12, Usage(650)));
        await process.MarkMissing(User, Account.Events[0].Identifier, "the summary has 0");
        await process.Settle(Ended(10, Usage(40)) with { User = "bob", StripeCustomer = null });
        await process.Settle(Closed(12, Usage(45)) with { User = "bob", StripeCustomer = "cus_bob" });
        Simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = 400 });
        await process.Settle(Take(20, false, Customer, [Usage(30)], 2));
        await process.Ask(User, new RecordFindings([Account.Events[1].Identifier], [], "it is there"));
        await process.Settle(Ended(30, Usage(9)) with { User = "bob", StripeCustomer = null, Period = 3 });
        Time.Advance(TimeSpan.FromDays(4));
        await process.Ask(User, new CarryForward(User, new OpenPeriod(3, Time.GetUtcNow(), Time.GetUtcNow().AddDays(30))));
        await process.Ask("bob", new CarryForward("bob", new OpenPeriod(4, Time.GetUtcNow(), Time.GetUtcNow().AddDays(30))));
        Simulator.Faults.Add(new Fault(FaultKind.Answer) { Status = 401 });
        var now = Time.GetUtcNow();
        await process.Settle(Take(30, false, Customer, [Usage(5)], 4) with { Start = now.AddDays(-1), End = now });
    }

    private async Task<List<(string, BillingState)>> States() => [("ann", await StateOf("ann")), ("bob", await StateOf("bob"))];

    private Task<BillingState> StateOf(string user) => BillingModel.Read(Streams, user, CancellationToken.None);

    private static async Task<string> Text(IReadModel model) => JsonSerializer.Serialize(new
    {
        Reports = await Projected.All(model, BilledReport.ByStatus), Periods = await Projected.All(model, BilledPeriod.ByUser),
        Unsettled = (await Projected.All(model, BilledPeriod.ByUnsettled)).Select(period => period.Id),
        Lanes = (await Projected.All(model, BilledReport.ByLane)).Select(report => report.Lane),
        Members = await Projected.All(model, BookMember.ByBook), Meters = await Projected.All(model, BilledMeter.ByName),
    });
}
