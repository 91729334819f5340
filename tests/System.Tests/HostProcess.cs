using System.Diagnostics;
using Grpc.Net.Client;
using Metering.V1;

namespace Metering.SystemTests;

/// <summary>The real host as a child process on a data folder of its own, and clients of its public API.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly GrpcChannel channel;

    private HostProcess(Process process, Uri address)
    {
        this.process = process;
        Address = address;
        channel = GrpcChannel.ForAddress(address);
        Reservations = new V1.Reservations.ReservationsClient(channel);
        Accounts = new Accounts.AccountsClient(channel);
        Catalog = new V1.Catalog.CatalogClient(channel);
        Balances = new V1.Balances.BalancesClient(channel);
        Billing = new BillingOps.BillingOpsClient(channel);
    }

    public Uri Address { get; }
    public V1.Reservations.ReservationsClient Reservations { get; }
    public Accounts.AccountsClient Accounts { get; }
    public V1.Catalog.CatalogClient Catalog { get; }
    public V1.Balances.BalancesClient Balances { get; }
    public BillingOps.BillingOpsClient Billing { get; }

    /// <summary>Starts it and waits until it says where it serves.</summary>
    public static async Task<HostProcess> Start(string dataFolder, params string[] settings)
    {
        var dll = Path.Combine(AppContext.BaseDirectory, "Metering.Host.dll");
        string[] arguments =
            ["exec", dll, "--stop-with-stdin", "--Urls=http://127.0.0.1:0", "--HealthUrls=http://127.0.0.1:0", $"--DataFolder={dataFolder}", .. settings];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardInput = true };
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        var process = Process.Start(start)!;
        const string Ready = "metering host: ";
        while (await process.StandardOutput.ReadLineAsync() is { } line)
            if (line.StartsWith(Ready, StringComparison.Ordinal))
            {
                _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
                return new HostProcess(process, new Uri(line[Ready.Length..]));
            }
        await process.WaitForExitAsync();
        throw new InvalidOperationException($"the host ended with {process.ExitCode} before it was ready");
    }

    /// <summary>Starts one that cannot start: its exit code and what it said to standard error.</summary>
    public static async Task<(int Code, string Said)> Fail(string dataFolder, params string[] settings)
    {
        var dll = Path.Combine(AppContext.BaseDirectory, "Metering.Host.dll");
        string[] arguments = ["exec", dll, "--Urls=http://127.0.0.1:0", "--HealthUrls=http://127.0.0.1:0", $"--DataFolder={dataFolder}", .. settings];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["Logging__LogLevel__Default"] = "None";
        using var process = Process.Start(start)!;
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, said);
    }

    /// <summary>kill -9: no chance to tidy up.</summary>
    public async Task Kill()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        channel.Dispose();
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
}
