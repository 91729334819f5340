using Grpc.Core;
using Grpc.Net.Client;
using Metering.Client;
using Metering.V1;

namespace Metering.MainJob;

/// <summary>The services' public interface: everything that this job does to them goes through here.</summary>
internal sealed class Clients : IDisposable
{
    private static readonly MeteringOptions Patient = new() { Timeout = TimeSpan.FromSeconds(30), Tries = 12 };
    private const int Tries = 12;

    private readonly IReadOnlyList<GrpcChannel> channels;
    private readonly IReadOnlyList<MeteringClient> instances;
    private readonly TimeProvider time;

    internal Clients(Addresses at, TimeProvider time)
    {
        this.time = time;
        channels = [.. at.Reservations.Append(at.Balances).Append(at.Billing).Select(To)];
        instances = [.. channels.Take(at.Reservations.Count).Select(NewClient)];
        Calls = new Reservations.ReservationsClient(channels[0]);
        (Catalog, Accounts) = (new Catalog.CatalogClient(channels[0]), new Accounts.AccountsClient(channels[0]));
        (Balances, Billing) = (new Balances.BalancesClient(channels[^2]), new BillingOps.BillingOpsClient(channels[^1]));
    }

    /// <summary>The client library, as a caller from .NET would use it.</summary>
    internal MeteringClient Metering => instances[0];

    /// <summary>
    /// The same at an instance of Reservations: ten calls at one, then ten at the next. Any of them may serve any user; to change at every call
    /// would have each learn what the other did before it can go on.
    /// </summary>
    internal MeteringClient At(int turn) => instances[turn / 10 % instances.Count];

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

    public void Dispose()
    {
        foreach (var channel in channels) channel.Dispose();
    }

    private MeteringClient NewClient(GrpcChannel channel) => new(new Reservations.ReservationsClient(channel), time, Patient);

    private static GrpcChannel To(Uri address)
    {
        var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true };
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    private static bool IsPassing(StatusCode status) =>
        status is StatusCode.Unavailable or StatusCode.ResourceExhausted or StatusCode.Aborted;
}
