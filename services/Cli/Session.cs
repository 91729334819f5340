using System.Runtime.CompilerServices;
using Grpc.Core;
using Metering.Client;
using Metering.V1;

namespace Metering.Cli;

/// <summary>One run of a command: the services it talks to and the screen it answers on.</summary>
internal sealed class Session(Servers servers, Screen screen, TimeProvider time) : IDisposable
{
    private const int Tries = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Failover reservations = new(servers.Reservations);
    private readonly Failover balances = new(servers.Balances);
    private readonly Failover billing = new(servers.Billing);

    public Screen Screen { get; } = screen;

    /// <summary>The addresses of the service that was asked last; none yet.</summary>
    public IReadOnlyList<Uri> Asked { get; private set; } = [];

    public Reservations.ReservationsClient Reservations => new(At(servers.Reservations, reservations));

    public Accounts.AccountsClient Accounts => new(At(servers.Reservations, reservations));

    public Catalog.CatalogClient Catalog => new(At(servers.Reservations, reservations));

    public Balances.BalancesClient Balances => new(At(servers.Balances, balances));

    public BillingOps.BillingOpsClient Billing => new(At(servers.Billing, billing));

    public string NewId() => Guid.CreateVersion7(time.GetUtcNow()).ToString();

    /// <summary>Asks, again while it may yet be answered: the same message, so the same command id, so that it happens once.</summary>
    public async Task<T> Ask<T>(Func<CallOptions, AsyncUnaryCall<T>> send, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await send(new CallOptions(deadline: (time.GetUtcNow() + Patience).UtcDateTime, cancellationToken: cancellation));
            }
            catch (RpcException error) when (attempt < Tries && IsPassing(error.StatusCode) && !cancellation.IsCancellationRequested)
            {
                await Task.Delay(Pause * attempt, time, cancellation);
            }
        }
    }

    /// <summary>The parts of an answer that comes in parts, however long they take.</summary>
    public async IAsyncEnumerable<T> Read<T>(
        Func<CallOptions, AsyncServerStreamingCall<T>> send, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var call = send(new CallOptions(cancellationToken: cancellation));
        while (await call.ResponseStream.MoveNext(cancellation)) yield return call.ResponseStream.Current;
    }

    /// <summary>All pages of a list: <paramref name="ask"/> takes a page's token, <paramref name="next"/> reads the next one's.</summary>
    public async Task<List<TItem>> All<TReply, TItem>(
        Func<string, CallOptions, AsyncUnaryCall<TReply>> ask, Func<TReply, IEnumerable<TItem>> items, Func<TReply, string> next,
        CancellationToken cancellation)
    {
        var (all, token) = (new List<TItem>(), "");
        do
        {
            var page = await Ask(call => ask(token, call), cancellation);
            all.AddRange(items(page));
            token = next(page);
        }
        while (token.Length > 0);
        return all;
    }

    /// <summary>What a user has, as of every change answered before. Its revision is -1 where there is no such user.</summary>
    public async Task<Usage> UsageOf(string user, CancellationToken cancellation)
    {
        var request = new GetUsageRequest { User = user };
        return (await Ask(call => Reservations.GetUsageAsync(request, call), cancellation)).Usage;
    }

    /// <summary>Makes sure that a user of whom nothing was found is one: nobody is told that all is well with a misspelt name.</summary>
    /// <exception cref="NotFoundException">There is no such user.</exception>
    public async Task Expect(string user, CancellationToken cancellation)
    {
        if ((await UsageOf(user, cancellation)).Revision < 0) throw NotFoundException.NoEvents(user);
    }

    public void Dispose()
    {
        reservations.Dispose();
        balances.Dispose();
        billing.Dispose();
    }

    private Failover At(IReadOnlyList<Uri> addresses, Failover service)
    {
        Asked = addresses;
        return service;
    }

    private static bool IsPassing(StatusCode status) =>
        status is StatusCode.Unavailable or StatusCode.ResourceExhausted or StatusCode.Aborted;
}
