using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Metering.SystemTests;

/// <summary>One of our programs as a child process on free ports. It ends with the tests, however they end.</summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    private const int Sigterm = 15;
    private static readonly HttpClient Http = new();
    private readonly Process process;
    private readonly Uri health;

    private ServiceProcess(Process process, Uri address, Uri health) => (this.process, Address, this.health) = (process, address, health);

    public Uri Address { get; }

    /// <summary>Starts it and waits until it says where it serves.</summary>
    public static async Task<ServiceProcess> Start(string program, params string[] settings)
    {
        var process = Process.Start(Command(program, ["--stop-with-stdin", .. settings], "Warning"))!;
        var address = await Announced(process, ": ");
        var health = await Announced(process, " health: ");
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        return new ServiceProcess(process, address, health);
    }

    /// <summary>Runs one that ends by itself: its exit code and what it said.</summary>
    public static async Task<(int Code, string Output, string Error)> Run(string program, params string[] settings)
    {
        using var process = Process.Start(Command(program, settings, "None"))!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, error);
    }

    /// <summary>Whether it is ready, and what it says about that.</summary>
    public async Task<(bool Ready, string Said)> Readiness(CancellationToken cancellation = default)
    {
        using var answer = await Http.GetAsync(new Uri(health, "/health/ready"), cancellation);
        return (answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(cancellation));
    }

    /// <summary>Asks until its readiness is as wanted, for a minute at most.</summary>
    public async Task<string> Becomes(bool ready)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var now = await Readiness(patience.Token);
        while (now.Ready != ready && await looks.WaitForNextTickAsync(patience.Token)) now = await Readiness(patience.Token);
        return now.Said;
    }

    /// <summary>SIGTERM: end in order.</summary>
    public void Terminate() => Assert.That(Kill(process.Id, Sigterm), Is.Zero);

    /// <summary>Waits until it has ended; its exit code.</summary>
    public async Task<int> Ended()
    {
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    /// <summary>kill -9: no chance to tidy up.</summary>
    public async Task Kill()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.StandardInput.Close();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
            }
        }
        process.Dispose();
    }

    private static ProcessStartInfo Command(string program, string[] settings, string logLevel)
    {
        var dll = Path.Combine(AppContext.BaseDirectory, $"Metering.{program}.dll");
        string[] arguments = ["exec", dll, "--Urls=http://127.0.0.1:0", "--HealthUrls=http://127.0.0.1:0", .. settings];
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = logLevel == "None",
            Environment = { ["Logging__LogLevel__Default"] = logLevel },
        };
        start.Environment.Remove("EVENTSTORE"); // names a node for the contract suite; here it would be a setting
        return start;
    }

    private static async Task<Uri> Announced(Process process, string after)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
            if (line.StartsWith("metering ", StringComparison.Ordinal) && line.Contains($"{after}http:"))
                return new Uri(line[(line.IndexOf(after, StringComparison.Ordinal) + after.Length)..]);
        await process.WaitForExitAsync();
        throw new InvalidOperationException($"the program ended with {process.ExitCode} before it served");
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
