using System.Collections.Concurrent;
using System.Diagnostics;
using Grpc.Net.Client;

namespace Metering.Bench.Processes;

/// <summary>
/// The host as users run it: a process of its own, read models in memory and following. It ends with us: its standard input is a pipe of
/// ours.
/// </summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private const string Announcement = "metering host: ";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly TaskCompletionSource<Uri> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<string> said = new();

    private HostProcess(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Heard(line.Data);
        process.ErrorDataReceived += (_, line) => Heard(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    internal Uri Address { get; private set; } = null!;

    internal Server Server => new(process.Id);

    /// <summary>Resident memory in bytes.</summary>
    internal long Memory()
    {
        process.Refresh();
        return process.WorkingSet64;
    }

    /// <summary>The most that was resident so far, in bytes.</summary>
    internal long MemoryMost()
    {
        process.Refresh();
        return process.PeakWorkingSet64;
    }

    /// <summary>Starts a host on a folder of its own and returns once it listens.</summary>
    /// <param name="eventStore">The setting <c>EventStore</c>.</param>
    /// <param name="more">Further settings.</param>
    internal static async Task<HostProcess> Start(string folder, string eventStore, params (string Name, string Value)[] more)
    {
        Directory.CreateDirectory(folder);
        var start = new ProcessStartInfo("dotnet", [Built(), "--stop-with-stdin"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder,
        };
        start.Environment.Remove("EVENTSTORE"); // given to this run, it is a setting of the host in any case of letters: either could win
        foreach (var (name, value) in Settings(folder, eventStore).Concat(more)) start.Environment[name] = value;
        var host = new HostProcess(Process.Start(start)!);
        var ended = host.process.WaitForExitAsync();
        if (await Task.WhenAny(host.listening.Task, ended).WaitAsync(Patience) == ended)
            throw new InvalidOperationException($"the host ended by itself:\n{string.Join('\n', host.said)}");
        host.Address = await host.listening.Task;
        return host;
    }

    internal GrpcChannel Connect() => GrpcChannel.ForAddress(Address);

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(Patience);
        process.Dispose();
    }

    // nothing is billed here: no period ends, and Stripe is an address where nobody is
    private static IEnumerable<(string Name, string Value)> Settings(string folder, string eventStore) =>
    [
        ("DataFolder", folder), ("EventStore", eventStore), ("ReadModels", "memory"), ("Bus", "memory"),
        ("Stripe__ApiBase", "http://127.0.0.1:9"), ("Stripe__ApiKey", "sk_test_bench"),
        ("Urls", "http://127.0.0.1:0"), ("HealthUrls", "http://127.0.0.1:0"),
    ];

    private void Heard(string? line)
    {
        if (line is null) return;
        if (said.Count < 50) said.Enqueue(line);
        if (!line.StartsWith(Announcement + "http:", StringComparison.Ordinal)) return;
        listening.TrySetResult(new Uri(line[Announcement.Length..].Trim()));
    }

    private static string Built() => Repository.Built("services/Host", "Metering.Host");
}
