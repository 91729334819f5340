using System.Globalization;
using Metering.BillingSync.Reconciling;
using Metering.BillingSync.ReadModels;
using Metering.BillingSync.Replaying;
using Metering.BillingSync.Reports;
using Metering.BillingSync.Resyncing;
using Metering.BillingSync.Sending;
using Metering.BillingSync.Webhooks;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;
using Metering.StripeSimulator;
using Stripe;
using Stripe.Billing;

namespace Metering.BillingSync.Tests;

/// <summary>One schedule: some users' days, told to one life of a process after another, until all is settled.</summary>
internal sealed class BillingSimulation
{
    private static readonly FaultKind[] Kinds =
        [FaultKind.LoseAnswer, FaultKind.LoseRequest, FaultKind.FailAfter, FaultKind.Answer, FaultKind.Answer, FaultKind.RejectLater];

    private static readonly int[] Answers = [409, 429, 500, 503];

    private readonly Simulator simulator;
    private readonly HurriedTime time;
    private readonly Random random;
    private readonly MemoryStreams streams;
    private readonly string name;
    private readonly StripeOptions stripe;
    private readonly BillingOptions billing;
    private readonly List<SimulatedUser> users = [];
    private readonly List<TakeTotals> waiting = [];
    private readonly MeterService stripeMeters;
    private SimulatorMeter meter = null!;
    private readonly int deliveries;
    private Tally tally;

    public BillingSimulation(Simulator simulator, HurriedTime time, string apiBase, int seed)
    {
        (this.simulator, this.time, random, name) = (simulator, time, new Random(seed), $"seed{seed}");
        streams = new MemoryStreams(time);
        stripe = new StripeOptions { ApiKey = "sk_test_" + name, ApiBase = apiBase, RequestsPerSecond = 0 };
        stripeMeters = new StripeClient(new StripeClientOptions { ApiKey = stripe.ApiKey, ApiBase = apiBase }).V1.Billing.Meters;
        billing = new BillingOptions { Grace = TimeSpan.FromHours(random.Next(2) == 0 ? 72 : 30) };
        if (random.Next(3) == 0) billing.Meters[name] = new MeterOptions { Mode = "continuous" };
        billing.Reconcile.ReadsPerMonth = new[] { 200, 1_000, 10_000 }[random.Next(3)];
        deliveries = simulator.Deliveries.Count;
    }

    private SimulatorAccount Account => simulator.Account(stripe.ApiKey);
    private DateTimeOffset Now => time.GetUtcNow();

    public async Task<Tally> Run()
    {
        meter = Account.AddMeter(name);
        using var meters = new StripeMeters(stripe);
        for (var number = random.Next(2, 5); number > 0; number--) users.Add(new SimulatedUser(streams, $"user{number}", name, random));
        foreach (var user in users) await user.Start(Now);
        for (var day = random.Next(3, 6); day > 0; day--) await Day(meters);
        await Settle(meters);
        await Check();
        await CheckReconciled(meters);
        return tally + await Count();
    }

    private async Task Day(StripeMeters meters)
    {
        for (var hours = 0; hours < 24;)
        {
            foreach (var user in users) await user.Act(Now);
            var step = random.Next(1, 13);
            hours += step;
            time.Advance(TimeSpan.FromHours(step));
            if (random.Next(4) == 0) await Live(meters, new Life(random.Next(1, 30)));
        }
        if (random.Next(8) == 0) time.Advance(TimeSpan.FromHours(random.Next(20, 90)));
        foreach (var user in users) waiting.AddRange(Told(await user.Advance(Now)));
        AddFaults();
        await Switch(active: random.Next(6) > 0);
        for (var lives = random.Next(1, 4); lives > 0; lives--) await Live(meters, new Life(random.Next(1, 40)));
    }

    /// <summary>What the bus makes of a user's messages: some never come, some twice, in any order.</summary>
    private IEnumerable<TakeTotals> Told(IReadOnlyList<TakeTotals> messages)
    {
        var kept = messages.Where(_ => random.Next(8) > 0).ToList();
        tally.LostMessages += messages.Count - kept.Count;
        return kept.Concat(kept.Where(_ => random.Next(4) == 0).ToList()).OrderBy(_ => random.Next());
    }

    private void AddFaults()
    {
        for (var faults = random.Next(4); faults > 0; faults--)
        {
            var kind = Kinds[random.Next(Kinds.Length)];
            var fault = new Fault(kind) { EventName = name, Every = random.Next(1, 4), Times = random.Next(1, 4) };
            // what Stripe recorded it does not answer with 409 or 429
            simulator.Faults.Add(kind == FaultKind.Answer ? fault with { Status = Answers[random.Next(Answers.Length)] } : fault);
        }
    }

    /// <summary>Somebody deactivates the Stripe meter, so that it refuses all reports, and finds out.</summary>
    private async Task Switch(bool active)
    {
        if (active == meter.Active) return;
        if (active) await stripeMeters.ReactivateAsync(meter.Id);
        else await stripeMeters.DeactivateAsync(meter.Id);
    }

    /// <summary>One life of the process, which may end at any step.</summary>
    private async Task Live(StripeMeters meters, Life life)
    {
        await using var process = new SyncProcess(new MortalStreams(streams, life), new MortalSink(meters, life), stripe, time, billing);
        life.Died = () =>
        {
            _ = process.Sender.Stop(CancellationToken.None);
            process.Errors.Dispose();
        };
        try
        {
            await process.Start();
            await Work(process);
        }
        catch (OperationCanceledException) when (life.IsOver)
        {
            tally.Crashes++;
        }
        await process.Sender.WhenIdle();
    }

    private async Task Work(SyncProcess process)
    {
        while (waiting.Count > 0)
        {
            await process.Intake.Take(waiting[0], CancellationToken.None);
            waiting.RemoveAt(0);
        }
        if (random.Next(3) == 0) await HearErrors(process);
        if (random.Next(6) == 0) await MarkMissing(process, Account.AsyncErrors.Select(error => error.Identifier));
        if (random.Next(3) == 0) await Reconcile(process, new ReconcileOrder(Record: random.Next(4) > 0, Recheck: random.Next(4) == 0));
        if (random.Next(3) == 0) await process.Schedule.Round(CancellationToken.None);
        if (random.Next(3) == 0)
            await process.Resync.Run(users[random.Next(users.Count)].Name, new ResyncOrder(DryRun: random.Next(2) == 0), CancellationToken.None);
    }

    /// <summary>What Stripe told by webhooks of usage that it dropped is taken in.</summary>
    private async Task HearErrors(SyncProcess process)
    {
        // what is under way is settled first: it would be waited for, and nobody waits here but the clock
        await process.Sender.WhenIdle();
        await process.Caught();
        simulator.CatchUp();
        await simulator.WhenDelivered;
        var news = simulator.Deliveries.Skip(deliveries).Where(told => ErrorReports.Types.Contains(told.Type));
        foreach (var told in news.DistinctBy(told => told.EventId))
            if (await process.Errors.Hear(new HearErrors(told.EventId, told.Type, told.At), CancellationToken.None)) tally.ErrorReports++;
        await process.Errors.WhenIdle();
    }

    private async Task Reconcile(SyncProcess process, ReconcileOrder order)
    {
        var done = await process.Reconciler.Run(order, Seen, CancellationToken.None);
        tally.Skipped += (int)done.Skipped;
    }

    /// <summary>Whatever is found, its parts sum to the difference.</summary>
    private Task Seen(Reconciled seen)
    {
        if (seen.Stripe is { } stripe)
            Assert.That(seen.Differences.Sum(part => part.Value), Is.EqualTo(seen.Window.Ledger - stripe), $"{name}: {seen.Window}");
        tally.Confirmed += seen.Confirmed;
        tally.FoundMissing += seen.Missing;
        return Task.CompletedTask;
    }

    /// <summary>
    /// As operators do: what Stripe does not have is marked, everyone is compared, until nothing is left to do. At first there is usage
    /// that takes up what was carried below zero; then days in which the last period that can be late is closed.
    /// </summary>
    private async Task Settle(StripeMeters meters)
    {
        simulator.Faults.Clear();
        await Switch(active: true);
        for (var (days, owes) = (0, true); ; days++)
        {
            if (days == 30) Assert.Fail($"{name} never settles: {string.Join('\n', await Task.WhenAll(users.Select(user => Story(user.Name))))}");
            foreach (var user in users) await user.End(Now, uses: owes || days < 6);
            await using var process = new SyncProcess(streams, meters, stripe, time, billing);
            await process.Start();
            await process.Sender.WhenIdle();
            await process.Caught();
            await Reconcile(process, new ReconcileOrder(Record: true));
            await MarkMissing(process, await Absent());
            var lines = new List<LineStanding>();
            foreach (var user in await LedgerUsers.All(streams, CancellationToken.None))
                lines.AddRange((await process.Resync.Run(user, new ResyncOrder(), CancellationToken.None)).Lines);
            await process.Sender.WhenIdle();
            owes = lines.Any(line => line.Balance.Net < 0);
            if (days >= 12 && !owes && lines.All(line => line.IsSettled)) break;
            time.Advance(TimeSpan.FromHours(26));
            foreach (var user in users) await user.Advance(Now);
        }
    }

    private async Task MarkMissing(SyncProcess process, IEnumerable<string> identifiers)
    {
        var states = await States();
        foreach (var identifier in identifiers.ToList())
            foreach (var (user, state) in states)
                if (state.TryFind(identifier, out var report) && report.Status is ReportStatus.Accepted or ReportStatus.Doubted)
                {
                    await process.MarkMissing(user, identifier, "Stripe does not have it");
                    tally.Missing++;
                }
    }

    /// <summary>What counts as reported and is not among what Stripe counts.</summary>
    private async Task<List<string>> Absent()
    {
        var there = Account.Events.Where(e => e.Counts).Select(e => e.Identifier).ToHashSet(StringComparer.Ordinal);
        return [.. (await States()).SelectMany(one => one.State.Reports).Where(report => report.Counts && !there.Contains(report.Identifier))
            .Select(report => report.Identifier)];
    }

    private async Task<List<(string User, BillingState State)>> States()
    {
        var states = new List<(string, BillingState)>();
        foreach (var user in users)
        {
            var state = new BillingState();
            await foreach (var stored in streams.Read(BillingModel.StreamOf(user.Name), Direction.Forwards, 0))
                state.Fold(BillingEvents.Decode(stored.Type, stored.Data.Span));
            states.Add((user.Name, state));
        }
        return states;
    }

    /// <summary>Compared once more, all of it: nothing is left to be told but what was carried.</summary>
    private async Task CheckReconciled(StripeMeters meters)
    {
        time.Advance(billing.Reconcile.Settle * 2);
        billing.Reconcile.ReadsPerMonth = 1_000_000;
        await using var process = new SyncProcess(streams, meters, stripe, time, billing);
        await process.Start();
        await process.Caught();
        var left = new List<string>();
        await process.Reconciler.Run(new ReconcileOrder(Recheck: true), Tell, CancellationToken.None);
        Assert.That(left, Is.Empty, name);

        Task Tell(Reconciled seen)
        {
            var wrong = seen.Differences.Where(part => part.Cause is not (Cause.CarriedForward or Cause.OtherWindow));
            left.AddRange(wrong.Select(part => $"{seen.Window.Customer} from {seen.Window.From:u}: {part.Value} {part.Cause}"));
            return Seen(seen);
        }
    }

    private async Task Check()
    {
        Assert.That(Account.Events.Select(e => e.Identifier), Is.Unique, name);
        var planned = (await States()).SelectMany(one => one.State.Reports).ToDictionary(report => report.Identifier, report => $"{report.Value}");
        Assert.That(Account.Events.Select(e => e.Value.ToString()), Is.EqualTo(Account.Events.Select(e => planned[e.Identifier])), name);
        foreach (var user in users)
            Assert.That(Billed(user), Is.EqualTo(user.Billable), await Story(user.Name));
        var documents = await Projected.From(streams, new MemoryReadModel(BillingProjection.Schema), random);
        await Projected.Agree(documents, await States(), billing.ToPolicy(), Now);
    }

    /// <summary>What Stripe's invoices come to: each period, which is a day, by its sum, and no less than 0.</summary>
    private long Billed(SimulatedUser user) => Account.Events.Where(e => e.Counts && e.Customer == user.Customer)
        .GroupBy(e => e.Timestamp / 86_400)
        .Sum(day => Math.Max(0, day.Sum(e => long.Parse(e.Value.ToString(), CultureInfo.InvariantCulture))));

    private async Task<string> Story(string user)
    {
        var state = (await States()).Single(one => one.User == user).State;
        return string.Join('\n', [
            $"{name} {user}", .. state.Lines.Select(line => $"{line}"), .. state.Carries.Select(carry => $"{carry}"),
            .. state.Reports.Select(report => 
                $"{report.Line.Period}: {report.Value} {report.Status} {report.Code} after {report.Attempts}, {report.Planned.Reason} {report.Identifier}"),
        ]);
    }

    private async Task<Tally> Count()
    {
        var states = await States();
        var reports = states.SelectMany(one => one.State.Reports).ToList();
        return new Tally
        {
            Reports = reports.Count, Rejected = reports.Count(report => report.Status == ReportStatus.Rejected),
            TooLate = reports.Count(report => report.Status == ReportStatus.OutOfWindow),
            Carried = states.Sum(one => one.State.Carries.Count), Repeated = reports.Count(report => report.Attempts > 1),
        };
    }
}
