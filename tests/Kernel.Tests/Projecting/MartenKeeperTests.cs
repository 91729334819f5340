using System.Net;
using System.Net.Sockets;
using Metering.Kernel.ReadModels;
using Metering.Kernel.ReadModels.Postgres;
using Metering.Kernel.Tests.ReadModels;
using Npgsql;

namespace Metering.Kernel.Tests.Projecting;

public sealed class MartenKeeperTests : KeeperTests
{
    private readonly List<IAsyncDisposable> _opened = [];

    protected override TimeProvider Time => TimeProvider.System;

    protected override async Task<IGenerations> Open(ReadModelSchema schema)
    {
        await PostgresServer.Drop(schema.Name);
        return new MartenGenerations(PostgresServer.Required(), schema);
    }

    [TearDown]
    public async Task CloseAll()
    {
        await StopAll();
        foreach (var one in _opened) await one.DisposeAsync();
    }

    [Test]
    public async Task Of_two_instances_one_keeps_it_and_the_other_takes_over_when_it_ends()
    {
        var first = Start(Another());
        await first.Projector.WaitFor(await Say("in-a", "one"), Stop);
        var second = Start(Another());
        await first.Projector.WaitFor(await Say("in-a", "two"), Stop);
        Assert.That((first.Keeper.IsKeeping, second.Keeper.IsKeeping), Is.EqualTo((true, false)));
        await Until(async () => await second.Keeper.Standing(Stop) is { CaughtUpAt: not null });
        await first.DisposeAsync();
        await second.Projector.WaitFor(await Say("in-a", "three"), Stop);
        Assert.That((first.Keeper.IsKeeping, second.Keeper.IsKeeping), Is.EqualTo((false, true)));
        Assert.That(await All(), Is.EqualTo(new[] { "in-a: one two three", "said.v1: 3" }));
    }

    [Test]
    public async Task An_instance_whose_turn_was_cut_off_stands_by_again()
    {
        var first = Start(Another());
        await first.Projector.WaitUntilCaughtUp(Stop);
        var second = Start(Another());
        await Until(async () => (long)(await PostgresServer.Run(Waiting))! == 1);
        await PostgresServer.Run("""
            select pg_terminate_backend(pid) from pg_locks join pg_stat_activity using (pid)
            where locktype = 'advisory' and granted and application_name = 'metering words turn'
            """);
        await second.Projector.WaitFor(await Say("in-a", "one"), Stop);
        await first.Projector.WaitUntil(progress => !progress.CaughtUp, Stop);
        Assert.That((first.Keeper.IsKeeping, second.Keeper.IsKeeping), Is.EqualTo((false, true)));
        await second.Projector.WaitFor(await Say("in-a", "two"), Stop);
        Assert.That(await All(), Is.EqualTo(new[] { "in-a: one two", "said.v1: 2" }));
    }

    [Test]
    public async Task After_every_connection_was_cut_it_catches_up_by_itself()
    {
        var kept = Start();
        await kept.Projector.WaitFor(await Say("in-a", "one"), Stop);
        await PostgresServer.Run("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'metering words%'");
        await kept.Projector.WaitFor(await Say("in-a", "two"), Stop);
        Assert.That(await All(), Is.EqualTo(new[] { "in-a: one two", "said.v1: 2" }));
    }

    [Test]
    public async Task It_starts_while_the_database_is_away_and_goes_on_once_it_is_there()
    {
        await using var door = new Door(PostgresServer.Required());
        var generations = new MartenGenerations(door.Connection, Schema);
        _opened.Add(generations);
        var kept = Start(generations);
        var position = await Say("in-a", "one");
        await Until(() => Task.FromResult(kept.Keeper.Error is NpgsqlException));
        door.Open();
        await kept.Projector.WaitFor(position, Stop);
        Assert.That(kept.Keeper.Error, Is.Null);
        Assert.That(await All(), Is.EqualTo(new[] { "in-a: one", "said.v1: 1" }));
    }

    private const string Waiting = """
        select count(*) from pg_locks join pg_stat_activity using (pid)
        where locktype = 'advisory' and not granted and application_name = 'metering words turn'
        """;

    private MartenGenerations Another()
    {
        var generations = new MartenGenerations(PostgresServer.Required(), Schema);
        _opened.Add(generations);
        return generations;
    }

    /// <summary>Another port of the server, closed at first.</summary>
    private sealed class Door : IAsyncDisposable
    {
        private readonly CancellationTokenSource _own = new();
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly NpgsqlConnectionStringBuilder _server;
        private Task _open = Task.CompletedTask;

        public Door(NpgsqlConnectionStringBuilder server)
        {
            _server = server;
            _listener.Start();
            var port = ((IPEndPoint)_listener.LocalEndpoint).Port;
            _listener.Stop();
            Port = port;
            Connection = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Host = "127.0.0.1", Port = port };
        }

        public NpgsqlConnectionStringBuilder Connection { get; }

        private int Port { get; }

        public void Open() => _open = Serve(new TcpListener(IPAddress.Loopback, Port));

        public async ValueTask DisposeAsync()
        {
            await _own.CancelAsync();
            await _open.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        private async Task Serve(TcpListener listener)
        {
            listener.Start();
            try
            {
                for (; ; ) _ = Pipe(await listener.AcceptTcpClientAsync(_own.Token));
            }
            finally
            {
                listener.Stop();
            }
        }

        private async Task Pipe(TcpClient caller)
        {
            using var own = caller;
            using var server = new TcpClient();
            await server.ConnectAsync(_server.Host!, _server.Port, _own.Token);
            await Task.WhenAny(
                own.GetStream().CopyToAsync(server.GetStream(), _own.Token), server.GetStream().CopyToAsync(own.GetStream(), _own.Token));
        }
    }
}
