using System.Diagnostics;
using System.Globalization;
using Metering.Bench.Loads;
using Metering.Bench.Processes;
using Npgsql;

namespace Metering.Bench.Contestants;

/// <summary>
/// The SQL way, driven by pgbench: a transaction that takes quota by a conditional UPDATE and inserts the reservation, another that
/// charges it and
/// gives the rest back. Synchronous commit on, prepared statements, a connection per caller.
/// </summary>
internal sealed class SqlWay(string pgbench, int port, Server server, string folder)
{
    private readonly string connection =
        $"Host=127.0.0.1;Port={port.ToString(CultureInfo.InvariantCulture)};Database=metering;Username=metering;Pooling=false";

    /// <param name="script">Which of the folder <c>sql</c>.</param>
    /// <returns>What was measured; how many accounts do not hold what was acknowledged; bytes of tables and indexes that a cycle
    /// added.</returns>
    internal async Task<(Measured Measured, int Mismatches, double BytesPerCycle)> Run(
        string script, Users users, int callers, Bounds bounds)
    {
        await Ask<object>(await File.ReadAllTextAsync(Script("tables")));
        await Ask<object>("checkpoint", "postgres");
        var empty = await Size();
        var warmed = await Drive(script, users, callers, bounds.WarmUp);
        var (client, served) = (Server.Own.ProcessorSeconds(), server.ProcessorSeconds());
        var (latencies, perSecond, errors) = await Drive(script, users, callers, bounds.Time);
        var took = TimeSpan.FromSeconds(latencies.Count / perSecond);
        var measured = new Measured(
            latencies, took, errors, null, Server.Own.ProcessorSeconds()!.Value - client!.Value, server.ProcessorSeconds() - served);
        var cycles = warmed.Latencies.Count + latencies.Count;
        return (measured, await Mismatches(cycles), (double)(await Size() - empty) / cycles);
    }

    private async Task<(Latencies Latencies, double PerSecond, int Errors)> Drive(string script, Users users, int callers, TimeSpan time)
    {
        var log = Path.Combine(Directory.CreateTempSubdirectory("pgbench-").FullName, "log");
        string[] arguments =
        [
            "-n", "-h", "127.0.0.1", "-p", Text(port), "-U", "metering", "-c", Text(callers), "-j", "2", "-M", "prepared",
            "-T", Text(Math.Max(1, (int)time.TotalSeconds)), "-D", $"first={Text(users.First)}", "-D",
            $"last={Text(users.First + users.Count - 1)}",
            "-f", Script(script), "-l", $"--log-prefix={log}", "metering",
        ];
        var said = await Output(arguments);
        var lines = Directory.EnumerateFiles(Path.GetDirectoryName(log)!).SelectMany(File.ReadLines);
        var latencies = new Latencies(lines.Select(Milliseconds));
        Directory.Delete(Path.GetDirectoryName(log)!, recursive: true);
        return (latencies, Number(said, "tps = "), (int)Number(said, "number of failed transactions: "));
    }

    // client, transaction, microseconds, script, when
    private static double Milliseconds(string line) => double.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture) / 1_000;

    private static double Number(string said, string after)
    {
        var from = said.IndexOf(after, StringComparison.Ordinal);
        if (from < 0) throw new InvalidOperationException($"pgbench does not say '{after}':\n{said}");
        return double.Parse(said[(from + after.Length)..].Split(' ', '\n')[0], CultureInfo.InvariantCulture);
    }

    private async Task<string> Output(string[] arguments)
    {
        var start = new ProcessStartInfo(pgbench, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder,
        };
        using var process = Process.Start(start)!;
        var (said, complaints) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? await said : throw new InvalidOperationException($"pgbench: {await complaints}");
    }

    private async Task<int> Mismatches(int cycles)
    {
        var differ = await Ask<long>(
            "select count(*) from account left join "
            + "(select account, sum(actual) actual from reservation where state = 'committed' group by 1) charged "
            + "on charged.account = account.id where used <> coalesce(actual, 0) or held <> 0");
        var used = await Ask<decimal>("select sum(used) from account");
        return (int)differ + (used == cycles * (decimal)Cycle.Charged ? 0 : 1);
    }

    private Task<long> Size() => Ask<long>("select pg_total_relation_size('account') + pg_total_relation_size('reservation')");

    private async Task<T?> Ask<T>(string sql, string role = "metering")
    {
        await using var source = NpgsqlDataSource.Create(connection.Replace("Username=metering", $"Username={role}",
            StringComparison.Ordinal));
        await using var command = source.CreateCommand(sql);
        return (T?)await command.ExecuteScalarAsync();
    }

    private static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "sql", name + ".sql");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
