using Grpc.Net.Client;
using Metering.V1;

namespace Metering.SystemTests;

/// <summary>The real host, or one of the services alone, on a data folder, and clients of its public API.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly ServiceProcess process;
    private readonly GrpcChannel channel;

    private HostProcess(ServiceProcess process)
    {
        this.process = process;
        channel = GrpcChannel.ForAddress(process.Address);
        Reservations = new V1.Reservations.ReservationsClient(channel);
        Accounts = new Accounts.AccountsClient(channel);
        Catalog = new V1.Catalog.CatalogClient(channel);
        Balances = new V1.Balances.BalancesClient(channel);
        Billing = new BillingOps.BillingOpsClient(channel);
    }

    public Uri Address => process.Address;
    public V1.Reservations.ReservationsClient Reservations { get; }
    public Accounts.AccountsClient Accounts { get; }
    public V1.Catalog.CatalogClient Catalog { get; }
    public V1.Balances.BalancesClient Balances { get; }
    public BillingOps.BillingOpsClient Billing { get; }

    /// <summary>Starts it and waits until it says where it serves.</summary>
    public static Task<HostProcess> Start(string dataFolder, params string[] settings) => StartOnly("Host", dataFolder, settings);

    /// <summary>The same of one service.</summary>
    public static async Task<HostProcess> StartOnly(string program, string dataFolder, params string[] settings) =>
        new(await ServiceProcess.Start(program, [$"--DataFolder={dataFolder}", .. settings]));

    /// <summary>Starts one that cannot start: its exit code and what it said to standard error.</summary>
    public static async Task<(int Code, string Said)> Fail(string dataFolder, params string[] settings)
    {
        var (code, _, said) = await ServiceProcess.Run("Host", [$"--DataFolder={dataFolder}", .. settings]);
        return (code, said);
    }

    /// <inheritdoc cref="ServiceProcess.Becomes"/>
    public Task<string> Becomes(bool ready) => process.Becomes(ready);

    /// <inheritdoc cref="ServiceProcess.Terminate"/>
    public void Terminate() => process.Terminate();

    /// <inheritdoc cref="ServiceProcess.Ended"/>
    public Task<int> Ended() => process.Ended();

    /// <inheritdoc cref="ServiceProcess.Kill()"/>
    public Task Kill() => process.Kill();

    public async ValueTask DisposeAsync()
    {
        channel.Dispose();
        await process.DisposeAsync();
    }
}
