using System.Threading.Channels;
using Grpc.Core;
using Grpc.Net.Client;
using Metering.Bench.Loads;
using Metering.Bench.Processes;
using Metering.V1;

namespace Metering.Bench.Contestants;

/// <summary>Ours, over sessions: callers share streams, each with at most so many commands in flight.</summary>
internal sealed class SessionCalls : IContestant, IAsyncDisposable
{
    private const int Connections = 4;

    private readonly GrpcChannel[] channels;
    private readonly Stream[] streams;
    private readonly int inFlight;

    internal SessionCalls(HostProcess host, int streams, int inFlight)
    {
        this.inFlight = inFlight;
        channels = [.. Enumerable.Range(0, Connections).Select(_ => host.Connect())];
        this.streams = [.. Enumerable.Range(0, streams).Select(n => new Stream(channels[n % Connections], inFlight))];
    }

    public async Task Cycle(int caller, int user)
    {
        var (stream, slot) = (streams[caller / inFlight], caller % inFlight);
        var reserve = Requests.Reserve(user);
        Requests.Check((await stream.Ask(slot, new SessionRequest { Reserve = reserve })).Reserve);
        Requests.Check((await stream.Ask(slot, new SessionRequest { Commit = Requests.Commit(reserve) })).Commit);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var stream in streams) await stream.End();
        foreach (var channel in channels) channel.Dispose();
    }

    // A caller has one command under way, so that its place among the stream's callers is the correlation.
    private sealed class Stream
    {
        private readonly AsyncDuplexStreamingCall<SessionRequest, SessionReply> call;
        private readonly TaskCompletionSource<SessionReply>[] waiting;
        private readonly Channel<SessionRequest> outgoing = Channel.CreateUnbounded<SessionRequest>(new() { SingleReader = true });
        private readonly Task sending;
        private readonly Task receiving;

        internal Stream(GrpcChannel channel, int inFlight)
        {
            call = new Reservations.ReservationsClient(channel).Session();
            waiting = new TaskCompletionSource<SessionReply>[inFlight];
            (sending, receiving) = (Send(), Receive());
        }

        internal Task<SessionReply> Ask(int slot, SessionRequest request)
        {
            var reply = waiting[slot] = new(TaskCreationOptions.RunContinuationsAsynchronously);
            request.Correlation = (ulong)slot;
            outgoing.Writer.TryWrite(request);
            if (receiving.IsCompleted) reply.TrySetException(Ended());
            return reply.Task;
        }

        internal async Task End()
        {
            outgoing.Writer.Complete();
            await sending;
            await receiving;
            call.Dispose();
        }

        private async Task Send()
        {
            await foreach (var request in outgoing.Reader.ReadAllAsync()) await call.RequestStream.WriteAsync(request);
            await call.RequestStream.CompleteAsync();
        }

        private async Task Receive()
        {
            try
            {
                await foreach (var reply in call.ResponseStream.ReadAllAsync()) Answer(reply);
            }
            finally
            {
                foreach (var one in waiting) one?.TrySetException(Ended());
            }
        }

        private void Answer(SessionReply reply)
        {
            var asked = waiting[reply.Correlation];
            if (reply.Failure is not null) asked.TrySetException(new InvalidOperationException($"{reply.Failure}"));
            else asked.TrySetResult(reply);
        }

        private static InvalidOperationException Ended() => new("the session ended");
    }
}
