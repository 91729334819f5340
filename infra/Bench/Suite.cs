using EventStore.Client;
using Metering.Bench.Contestants;
using Metering.Bench.Histories;
using Metering.Bench.Loads;
using Metering.Bench.Overload;
using Metering.Bench.Processes;
using Metering.Bench.Reporting;
using Metering.Bench.Scaling;
using Metering.Kernel.Streams;
using Store = Metering.Bench.Processes.Store;

namespace Metering.Bench;

/// <summary>One run: contestant after contestant, never two at once.</summary>
internal sealed class Suite(Settings settings, Report report)
{
    internal const string Parts = "sql, redis, sqlite, esdb, overload, extras; scale, which is measured only if it is named";

    private const int Callers = 64;
    private static readonly Users[] Both = [Users.Spread, Users.Hot];

    internal async Task Run()
    {
        if (settings.Wants("sql")) await Sql();
        if (settings.Wants("redis")) await Redis();
        if (settings.Wants("sqlite")) await OnFile();
        if (settings.EventStore is { } node && settings.Wants("esdb")) await OnNode(Store.Node(node));
        if (settings.Wants("overload")) await Overloaded();
        if (settings.Wants("extras")) await Extras();
        if (settings.Wants("scale")) await Scale();
    }

    private async Task Sql()
    {
        var server = new Server(settings.PostgresPid);
        var sql = new SqlWay(settings.Pgbench, settings.PostgresPort, server, settings.Folder);
        foreach (var (name, script) in ((string, string)[])[(Bars.Sql, "cycle"), (Bars.SqlInTwo, "cycle-in-two")])
            foreach (var users in Both)
            {
                if (settings.Quick && name != Bars.Sql) continue;
                var (measured, wrong, bytes) = await sql.Run(script, users, Callers, settings.Bounds);
                report.Add(Row.Of(name, users, Callers, measured, bytes, wrong,
                    "fsync of PostgreSQL's WAL (synchronous_commit=on) before the answer"));
            }
    }

    private async Task Redis()
    {
        using var redis = await RedisWay.Start(settings.RedisPort, Callers);
        var tally = new Tally();
        foreach (var users in Both)
        {
            var before = (Bytes: await redis.Stored(), Used: (await redis.Used()).Sum());
            var measured = await new Load(redis, users, tally, new Server(settings.RedisPid)).Closed(Callers, settings.Bounds);
            var used = await redis.Used();
            var bytes = (await redis.Stored() - before.Bytes) / Math.Max(1.0, (used.Sum() - before.Used) / (double)Cycle.Charged);
            report.Add(Row.Of(Bars.Redis, users, Callers, measured, bytes, tally.Mismatches(user => used[user]),
                "fsync of the append-only file (appendfsync always) before the answer"));
        }
    }

    private async Task OnFile()
    {
        var folder = settings.Work("sqlite");
        var store = Store.File(Path.Combine(folder, "host", "streams.db"));
        var eventBytes = await OnHost(store, Path.Combine(folder, "host"));
        var alone = Store.File(Path.Combine(folder, "alone.db"));
        await using var streams = alone.Open();
        await Alone(new StoreAppends(streams.Port, "alone", eventBytes), alone);
        if (report.Find($"{Bars.Unary}, {store.Name}", "spread", Callers) is { } unary)
            await Half(new StoreAppends(streams.Port, "half", eventBytes), Bars.StoreHalf, unary.CyclesPerSecond / 2, alone, new Tally(),
                Server.None);
        await TextbookOn(store, streams.Port);
    }

    private async Task OnNode(Store store)
    {
        var eventBytes = await OnHost(store, settings.Work("esdb"));
        await using var client = new EventStoreClient(EventStoreClientSettings.Create(store.Setting));
        await Alone(new NodeAppends(client, $"{Requests.Prefix}alone", eventBytes), store);
        await using var streams = store.Open();
        await TextbookOn(store, streams.Port);
    }

    /// <summary>Ours on a store. Returns the bytes of an event.</summary>
    private async Task<int> OnHost(Store store, string folder)
    {
        await using var host = await HostProcess.Start(folder, store.Setting);
        using (var channel = host.Connect()) await Shop.Open(channel);
        var tally = new Tally();
        var run = new HostRun(host, store, tally, new Audit(store, tally), report);
        await host.Warm(Users.Spread, tally, settings.FirstWarmUp);
        foreach (var callers in settings.UnaryCallers)
            foreach (var users in Both)
                using (var unary = new UnaryCalls(host)) await run.Closed(Bars.Unary, unary, users, callers, settings.Bounds);
        foreach (var (streams, inFlight) in settings.Sessions)
            foreach (var users in Both)
                await using (var session = new SessionCalls(host, streams, inFlight))
                    await run.Closed(Bars.Session, session, users, streams * inFlight, settings.Bounds);
        if (report.Find($"{Bars.Unary}, {store.Name}", "spread", Callers) is { } full)
            using (var unary = new UnaryCalls(host)) await run.Paced(Bars.UnaryHalf, unary, full.CyclesPerSecond / 2, settings.Bounds);
        report.Add(new Figure($"host memory after these runs, {store.Name}", host.Memory() / 1048576.0, "MiB", "resident"));
        return run.BytesPerEvent;
    }

    private async Task Alone(IContestant contestant, Store store)
    {
        var measured = await new Load(contestant, Users.Spread, new Tally(), Server.None).Closed(Callers, settings.Bounds);
        report.Add(Row.Of($"{Bars.Store}, {store.Name}", Users.Spread, Callers, measured, null, null, store.Durability));
    }

    private async Task Half(IContestant contestant, string name, double perSecond, Store store, Tally tally, Server server)
    {
        var measured = await new Load(contestant, Users.Spread, tally, server).Paced(perSecond, settings.Bounds);
        report.Add(Row.Of($"{name}, {store.Name}", Users.Spread, 0, measured, null, null, store.Durability));
    }

    private async Task TextbookOn(Store store, IEventStreams streams)
    {
        foreach (var users in Both)
        {
            var (tally, textbook) = (new Tally(), new Textbook(streams, $"{Requests.Prefix}textbook-{users.Name}"));
            var measured = await new Load(textbook, users, tally, Server.None).Closed(Callers, settings.Bounds);
            var used = new long[Users.All];
            for (var user = users.First; user < users.First + users.Count; user++) used[user] = await textbook.Used(user);
            report.Add(Row.Of($"{Bars.Textbook}, {store.Name}", users, Callers, measured, null, tally.Mismatches(user => used[user]),
                store.Durability));
        }
    }

    private async Task Overloaded()
    {
        var folder = settings.Work("overload");
        var store = Store.File(Path.Combine(folder, "streams.db"));
        await using var host = await HostProcess.Start(folder, store.Setting);
        using (var channel = host.Connect()) await Shop.Open(channel);
        var tally = new Tally();
        await new OverloadRun(host, new Audit(store, tally), tally, report, settings.OverloadTime).Measure();
    }

    private async Task Extras()
    {
        report.Add(await Starts.Cold(settings.Work("cold"), settings.Quick ? 1 : 5));
        if (!settings.Quick) report.Add(await Starts.MainJob(settings.Work("main-job")));
        await LongHistory();
        await using var streams = Store.File(Path.Combine(settings.Work("cached"), "streams.db")).Open();
        report.Add(await new CachedUsers(streams.Port, settings.CachedUsers).Measure());
    }

    private async Task Scale()
    {
        await new ByUsers(settings, report).Measure();
        await new ByEvents(settings, report).Measure();
        var folder = settings.Work("scale-instances");
        await new ByInstances(settings, report).Measure(Store.File(Path.Combine(folder, "streams.db")), folder);
        if (settings.EventStore is { } node) await new ByInstances(settings, report).Measure(Store.Node(node), settings.Work("scale-node"));
    }

    private async Task LongHistory()
    {
        var folder = settings.Work("long");
        var store = Store.File(Path.Combine(folder, "streams.db"));
        string[] shorts = [.. Enumerable.Range(0, 10).Select(n => FormattableString.Invariant($"short-{n}"))];
        await using (var streams = store.Open())
        {
            await Writing.Write(streams.Port, "long", settings.LongHistory);
            foreach (var user in shorts) await Writing.Write(streams.Port, user, 1_000);
            foreach (var figure in await new Replay(streams.Port, "long", settings.LongHistory).Measure()) report.Add(figure);
        }
        await using var host = await HostProcess.Start(folder, store.Setting, FirstCommand.Keeps(1));
        foreach (var figure in await new FirstCommand(host, "long", shorts).Measure()) report.Add(figure);
    }
}
