using Grpc.Core;
using Grpc.Net.Client;
using Metering.Client;
using Metering.V1;

namespace Metering.StackTests;

/// <summary>Clients of a stack's services. What fails in passing is asked again: the same message, so the same command.</summary>
internal sealed class Services : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<GrpcChannel> channels = [];

    public Services(FullStack stack)
    {
        var reservations = stack.Settings["METERING_RESERVATIONS"].Split(',').Select(To).ToList();
        Instances = [.. reservations.Select(channel => new Reservations.ReservationsClient(channel))];
        Accounts = new Accounts.AccountsClient(reservations[0]);
        Catalog = new Catalog.CatalogClient(reservations[0]);
        Balances = new Balances.BalancesClient(To(stack.Settings["METERING_BALANCES"]));
        Billing = new BillingOps.BillingOpsClient(To(stack.Settings["METERING_BILLING"]));
    }

    public IReadOnlyList<Reservations.ReservationsClient> Instances { get; }
    public Accounts.AccountsClient Accounts { get; }
    public Catalog.CatalogClient Catalog { get; }
    public Balances.BalancesClient Balances { get; }
    public BillingOps.BillingOpsClient Billing { get; }

    public static string NewId() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString();

    /// <summary>Asks until there is an answer other than that the service is away for now.</summary>
    public static async Task<T> Insist<T>(Func<CallOptions, AsyncUnaryCall<T>> ask)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                return await ask(new CallOptions(cancellationToken: patience.Token, deadline: DateTime.MaxValue));
            }
            catch (RpcException error) when (IsPassing(error) && !patience.IsCancellationRequested)
            {
                await Task.Delay(Pause);
            }
        }
    }

    /// <summary>What is read, once it is as wanted, or what it still is when patience ends.</summary>
    public static async Task<T> Eventually<T>(Func<Task<T>> read, Func<T, bool> wanted)
    {
        var until = TimeProvider.System.GetUtcNow() + Patience;
        while (true)
        {
            var found = await read();
            if (wanted(found) || TimeProvider.System.GetUtcNow() > until) return found;
            await Task.Delay(Pause);
        }
    }

    /// <summary>Whether the answer may be another one later.</summary>
    public static bool IsPassing(RpcException error) => error.StatusCode
        is StatusCode.Unavailable or StatusCode.Aborted or StatusCode.ResourceExhausted or StatusCode.DeadlineExceeded;

    public void Dispose()
    {
        foreach (var channel in channels) channel.Dispose();
    }

    private GrpcChannel To(string address)
    {
        var channel = GrpcChannel.ForAddress(address);
        channels.Add(channel);
        return channel;
    }
}
