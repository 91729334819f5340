using Grpc.Core;
using Grpc.Net.Client;

namespace Metering.Client;

/// <summary>
/// Several instances that serve the same, as one to call: always the same one for as long as it answers. After a call that it did not
/// answer (<c>UNAVAILABLE</c>, so a lost connection too, or too late) calls go to the next one. It repeats nothing itself:
/// <see cref="Tries"/> does.
/// </summary>
public sealed class Failover : CallInvoker, IDisposable
{
    private readonly GrpcChannel[] channels;
    private readonly CallInvoker[] instances;
    private int current;

    /// <param name="addresses">Of the instances, one or more.</param>
    /// <exception cref="ArgumentException">No address.</exception>
    public Failover(IEnumerable<Uri> addresses)
    {
        channels = [.. addresses.Select(GrpcChannel.ForAddress)];
        instances = [.. channels.Select(channel => channel.CreateCallInvoker())];
        if (instances.Length == 0) throw new ArgumentException("expected an address or more", nameof(addresses));
    }

    /// <inheritdoc />
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        AsyncUnaryCall(method, host, options, request).GetAwaiter().GetResult();

    /// <inheritdoc />
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var (instance, at) = Current();
        var call = instance.AsyncUnaryCall(method, host, options, request);
        return new(Watch(call.ResponseAsync, at), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    /// <inheritdoc />
    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var (instance, at) = Current();
        var call = instance.AsyncServerStreamingCall(method, host, options, request);
        var replies = new Replies<TResponse>(this, call.ResponseStream, at);
        return new(replies, call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    /// <inheritdoc />
    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var (instance, at) = Current();
        var call = instance.AsyncClientStreamingCall(method, host, options);
        var reply = Watch(call.ResponseAsync, at);
        return new(call.RequestStream, reply, call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    /// <inheritdoc />
    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        var (instance, at) = Current();
        var call = instance.AsyncDuplexStreamingCall(method, host, options);
        var replies = new Replies<TResponse>(this, call.ResponseStream, at);
        return new(call.RequestStream, replies, call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose()
    {
        foreach (var channel in channels) channel.Dispose();
    }

    private (CallInvoker Instance, int At) Current()
    {
        var at = Volatile.Read(ref current);
        return (instances[at], at);
    }

    private async Task<T> Watch<T>(Task<T> reply, int at)
    {
        try
        {
            return await reply.ConfigureAwait(false);
        }
        catch (RpcException away) when (away.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded)
        {
            // of many calls that met the same, the first one moves on
            Interlocked.CompareExchange(ref current, (at + 1) % instances.Length, at);
            throw;
        }
    }

    private sealed class Replies<T>(Failover failover, IAsyncStreamReader<T> replies, int at) : IAsyncStreamReader<T>
    {
        public T Current => replies.Current;

        public Task<bool> MoveNext(CancellationToken cancellationToken) => failover.Watch(replies.MoveNext(cancellationToken), at);
    }
}
