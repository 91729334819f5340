using System.Threading.Channels;
using Grpc.Core;
using Metering.Kernel.Deciding;
using Metering.Reservations.Requests;

namespace Metering.Reservations;

/// <summary>
/// Many commands on one stream. Each starts as soon as it is read and is answered when it is done, in any order. A bounded number is under way:
/// beyond it nothing more is read, and the transport tells the caller to wait.
/// </summary>
internal sealed class Sessions(Dispatcher dispatcher, ReservationsOptions options)
{
    private static readonly WriteOptions More = new(WriteFlags.BufferHint);

    /// <summary>Reads until <paramref name="open"/> ends; what was read by then is still answered.</summary>
    public async Task Serve(
        IAsyncStreamReader<V1.SessionRequest> requests, IServerStreamWriter<V1.SessionReply> replies, Caller caller,
        CancellationToken open, CancellationToken cancellation)
    {
        var answers = Channel.CreateUnbounded<V1.SessionReply>(new() { SingleReader = true });
        var writing = Write(answers.Reader, replies, cancellation);
        using var free = new SemaphoreSlim(options.SessionInFlight);
        try
        {
            while (await requests.MoveNext(open))
            {
                await free.WaitAsync(open);
                _ = Answer(requests.Current, answers.Writer, free, caller, cancellation);
            }
        }
        finally
        {
            // answers under way still come: whoever holds a place has not answered yet
            for (var i = 0; i < options.SessionInFlight; i++) await free.WaitAsync(CancellationToken.None);
            answers.Writer.Complete();
            await writing;
        }
    }

    private async Task Answer(
        V1.SessionRequest request, ChannelWriter<V1.SessionReply> answers, SemaphoreSlim free, Caller caller, CancellationToken cancellation)
    {
        try
        {
            var reply = await Handle(request, caller, cancellation);
            reply.Correlation = request.Correlation;
            answers.TryWrite(reply);
        }
        catch (Exception exception)
        {
            answers.TryWrite(new() { Correlation = request.Correlation, Failure = FailureOf(exception) });
        }
        finally
        {
            free.Release();
        }
    }

    private async Task<V1.SessionReply> Handle(V1.SessionRequest request, Caller caller, CancellationToken cancellation) => request.CommandCase switch
    {
        V1.SessionRequest.CommandOneofCase.Reserve => new() { Reserve = await dispatcher.Reserve(request.Reserve, caller, cancellation) },
        V1.SessionRequest.CommandOneofCase.Commit => new() { Commit = await dispatcher.Commit(request.Commit, caller, cancellation) },
        V1.SessionRequest.CommandOneofCase.Release => new() { Release = await dispatcher.Release(request.Release, caller, cancellation) },
        V1.SessionRequest.CommandOneofCase.Refund => new() { Refund = await dispatcher.Refund(request.Refund, caller, cancellation) },
        V1.SessionRequest.CommandOneofCase.Extend => new() { Extend = await dispatcher.Extend(request.Extend, caller, cancellation) },
        V1.SessionRequest.CommandOneofCase.Track => new() { Track = await dispatcher.Track(request.Track, caller, cancellation) },
        V1.SessionRequest.CommandOneofCase.Check => new() { Check = await dispatcher.Check(request.Check, caller, cancellation) },
        V1.SessionRequest.CommandOneofCase.GetUsage => new() { GetUsage = await dispatcher.GetUsage(request.GetUsage, caller, cancellation) },
        _ => throw RequestRefused.Invalid("command", "one of the commands of this version"),
    };

    private static V1.Failure FailureOf(Exception exception) =>
        Errors.Of(exception)?.ToMessage() ?? new V1.Failure { Code = (int)StatusCode.Internal, Message = "internal error" };

    // what has gathered leaves together: only the last message of it is flushed
    private static async Task Write(ChannelReader<V1.SessionReply> answers, IServerStreamWriter<V1.SessionReply> replies, CancellationToken cancellation)
    {
        while (await answers.WaitToReadAsync(cancellation))
            while (answers.TryRead(out var reply))
            {
                replies.WriteOptions = answers.TryPeek(out _) ? More : null;
                await replies.WriteAsync(reply, cancellation);
            }
    }
}
