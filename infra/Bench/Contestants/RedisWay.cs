using System.Globalization;
using Metering.Bench.Loads;

namespace Metering.Bench.Contestants;

/// <summary>Redis: a Lua script that reserves, one that commits, the append-only file fsynced before each answer. A connection per
/// caller.</summary>
internal sealed class RedisWay : IContestant, IDisposable
{
    private readonly Resp[] connections;
    private readonly string reserve;
    private readonly string commit;

    private RedisWay(Resp[] connections, string reserve, string commit) =>
        (this.connections, this.reserve, this.commit) = (connections, reserve, commit);

    internal static async Task<RedisWay> Start(int port, int callers)
    {
        var connections = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Resp.Connect(port)));
        await connections[0].Ask("FLUSHALL");
        for (var user = 0; user < Users.All; user++)
            await connections[0].Ask("HSET", Account(user), "quota", "1000000000000000", "used", "0", "held", "0");
        return new RedisWay(connections, await Loaded(connections[0], "reserve"), await Loaded(connections[0], "commit"));
    }

    public async Task Cycle(int caller, int user)
    {
        var (connection, reservation) = (connections[caller], $"r:{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()):N}");
        Expect(await connection.Ask("EVALSHA", reserve, "2", Account(user), reservation, Text(Loads.Cycle.Held)));
        Expect(await connection.Ask("EVALSHA", commit, "2", Account(user), reservation, Text(Loads.Cycle.Charged)));
    }

    internal async Task<long[]> Used()
    {
        var used = new long[Users.All];
        for (var user = 0; user < used.Length; user++)
            used[user] = long.Parse(await connections[0].Ask("HGET", Account(user), "used"), CultureInfo.InvariantCulture);
        return used;
    }

    /// <summary>The size of the append-only file, in bytes.</summary>
    internal async Task<long> Stored()
    {
        var lines = (await connections[0].Ask("INFO", "persistence")).Split("\r\n");
        var line = lines.First(each => each.StartsWith("aof_current_size:", StringComparison.Ordinal));
        return long.Parse(line.Split(':')[1], CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        foreach (var connection in connections) connection.Dispose();
    }

    private static async Task<string> Loaded(Resp connection, string script) =>
        await connection.Ask("SCRIPT", "LOAD", await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "lua", script + ".lua")));

    private static void Expect(string answer)
    {
        if (answer != "1") throw new InvalidOperationException($"Redis answers {answer}");
    }

    private static string Account(int user) => $"u:{Text(user)}";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
