using Grpc.Core;
using Grpc.Net.Client;
using Metering.Client;
using Metering.V1;

namespace Metering.MainJob;

/// <summary>The host's public interface: everything that this job does to it goes through here.</summary>
internal sealed class Clients : IDisposable
{
    private static readonly MeteringOptions Patient = new() { Timeout = TimeSpan.FromSeconds(30), Tries = 12 };
    private const int Tries = 12;

    private readonly GrpcChannel channel;
    private readonly TimeProvider time;

    internal Clients(Uri host, TimeProvider time)
    {
        this.time = time;
        var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true };
        channel = GrpcChannel.ForAddress(host, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        Calls = new Reservations.ReservationsClient(channel);
        Metering = new MeteringClient(Calls, time, Patient);
        (Catalog, Accounts) = (new Catalog.CatalogClient(channel), new Accounts.AccountsClient(channel));
        (Balances, Billing) = (new Balances.BalancesClient(channel), new BillingOps.BillingOpsClient(channel));
    }

    /// <summary>The client library, as a caller from .NET would use it.</summary>
    internal MeteringClient Metering { get; }

    internal Reservations.ReservationsClient Calls { get; }

    internal Catalog.CatalogClient Catalog { get; }

    internal Accounts.AccountsClient Accounts { get; }

    internal Balances.BalancesClient Balances { get; }

    internal BillingOps.BillingOpsClient Billing { get; }

    internal string NewId() => Guid.CreateVersion7(time.GetUtcNow()).ToString();

    /// <summary>Sends a request, again while it may yet succeed: the same message, so the same command id, so that it happens once.</summary>
    internal async Task<TReply> Send<TReply>(Func<CallOptions, AsyncUnaryCall<TReply>> send, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await send(new CallOptions(cancellationToken: cancellation));
            }
            catch (RpcException error) when (attempt < Tries && IsPassing(error.StatusCode) && !cancellation.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20 * attempt), time, cancellation);
            }
        }
    }

    public void Dispose() => channel.Dispose();

    private static bool IsPassing(StatusCode status) =>
        status is StatusCode.Unavailable or StatusCode.ResourceExhausted or StatusCode.Aborted;
}
