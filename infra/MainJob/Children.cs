using System.Collections.Concurrent;
using System.Diagnostics;

namespace Metering.MainJob;

/// <summary>
/// A program of ours as a child process. Its standard input is a pipe that only we hold: when we end, however we end, it closes and
/// the child stops by itself. What it prints goes to a log file; one line of it says where it listens.
/// </summary>
internal sealed class Child : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(8);
    private const int Tail = 15;

    private readonly Process process;
    private readonly string announcement;
    private readonly TaskCompletionSource<Uri> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<string> last = new();
    private readonly Lock writing = new();
    private readonly StreamWriter log;
    private volatile bool stopping;

    private Child(string name, Process process, string logFile)
    {
        (Name, announcement, this.process) = (name, name + ": ", process);
        log = new StreamWriter(logFile) { AutoFlush = true };
        process.OutputDataReceived += (_, line) => Heard(line.Data);
        process.ErrorDataReceived += (_, line) => Heard(line.Data);
        Ended = process.WaitForExitAsync(CancellationToken.None);
    }

    internal string Name { get; }

    /// <summary>Completes when the process has ended, for whatever reason.</summary>
    internal Task Ended { get; }

    /// <summary>True if it ended without being asked to.</summary>
    internal bool Died => !stopping && process.HasExited;

    internal static Child Start(string name, string dll, string arguments, IReadOnlyDictionary<string, string> settings, string folder)
    {
        if (!File.Exists(dll)) throw new JobException($"{name}: {dll} is not there: run `make build`");
        var start = new ProcessStartInfo(DotNet(), $"\"{dll}\" {arguments}")
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder,
        };
        start.Environment["DOTNET_TieredPGO"] = "0"; // a run of seconds pays for the profile and never sees its profit
        start.Environment.Remove("EVENTSTORE"); // what names a node for others is, in any case, a setting of the host: either could win
        foreach (var (key, value) in settings) start.Environment[key] = value;
        var child = new Child(name, Process.Start(start)!, Path.Combine(folder, name.Replace(' ', '-') + ".log"));
        child.process.BeginOutputReadLine();
        child.process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Where it listens, once it says so.</summary>
    internal async Task<Uri> Listening(TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            await Task.WhenAny(listening.Task, Ended).WaitAsync(Patience, time, cancellation);
        }
        catch (TimeoutException)
        {
            throw new JobException($"{Name} was not ready after {Words.Seconds(Patience)}", LastWords);
        }

        return listening.Task.IsCompletedSuccessfully ? await listening.Task : throw Death();
    }

    internal JobException Death() => new($"{Name} ended by itself, with code {process.ExitCode}", LastWords);

    public async ValueTask DisposeAsync()
    {
        stopping = true;
        process.StandardInput.Close();
        await Task.WhenAny(Ended, Task.Delay(Farewell, TimeProvider.System));
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await Ended;
        process.Dispose();
        await log.DisposeAsync();
    }

    private IReadOnlyList<string> LastWords => [.. last.Select(line => $"   {Name} | {line}")];

    private void Heard(string? line)
    {
        if (line is null) return;
        lock (writing) log.WriteLine(line);
        last.Enqueue(line);
        if (last.Count > Tail) last.TryDequeue(out _);
        if (!line.StartsWith(announcement + "http:", StringComparison.Ordinal)) return;
        listening.TrySetResult(new Uri(line[announcement.Length..].Trim()));
    }

    // The very dotnet that runs us, unless we were started as a program of our own.
    private static string DotNet() =>
        Environment.ProcessPath is { } self && Path.GetFileNameWithoutExtension(self) == "dotnet" ? self : "dotnet";
}

/// <summary>The programs of a run: the Stripe simulator and the host. The host is told where the simulator is.</summary>
internal sealed class Children(string folder, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Any test key does: the simulator asks for no real one.</summary>
    internal const string StripeKey = "sk_test_main_job";

    private readonly List<Child> started = [];

    internal Task<Uri> Simulator(CancellationToken cancellation) =>
        Start("stripe simulator", Built("infra/StripeSimulator", "StripeSimulator"), "--port 0 --stop-with-stdin", [], cancellation);

    internal Task<Uri> Host(Uri stripe, CancellationToken cancellation) =>
        Start("metering host", Built("services/Host", "Metering.Host"), "--stop-with-stdin", HostSettings(stripe), cancellation);

    /// <summary>Throws as soon as a child ends by itself.</summary>
    internal async Task Watch()
    {
        await Task.WhenAny(started.Select(child => child.Ended));
        if (started.Find(child => child.Died) is { } dead) throw dead.Death();
    }

    public async ValueTask DisposeAsync()
    {
        // The host first: what it still has to tell Stripe, it can.
        foreach (var child in Enumerable.Reverse(started)) await child.DisposeAsync();
    }

    private Task<Uri> Start(string name, string dll, string arguments, Dictionary<string, string> settings, CancellationToken cancellation)
    {
        var child = Child.Start(name, dll, arguments, settings, folder);
        started.Add(child);
        return child.Listening(time, cancellation);
    }

    private Dictionary<string, string> HostSettings(Uri stripe) => new()
    {
        ["DataFolder"] = Directory.CreateDirectory(Path.Combine(folder, "data")).FullName,
        ["EventStore"] = "sqlite",
        ["ReadModels"] = "memory",
        ["Bus"] = "memory",
        ["Stripe__ApiBase"] = stripe.GetLeftPart(UriPartial.Authority),
        ["Stripe__ApiKey"] = StripeKey,
        ["Stripe__RequestsPerSecond"] = "1000", // the simulator sets no limit; the real service does
        ["Reservations__Grace"] = "00:00:00.500",
        ["Urls"] = "http://127.0.0.1:0",
        ["HealthUrls"] = "http://127.0.0.1:0",
    };

    // All programs are built the same way into the same place below their projects.
    private static string Built(string project, string assembly)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var framework = here.Name;
        var configuration = here.Parent!.Name;
        var root = here;
        while (root is not null && !Directory.Exists(Path.Combine(root.FullName, "infra", "StripeSimulator"))) root = root.Parent;
        if (root is null) throw new JobException($"{assembly} cannot be found: {here.FullName} is not inside the repository");
        return Path.Combine(root.FullName, project, "bin", configuration, framework, assembly + ".dll");
    }
}
