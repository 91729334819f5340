using Metering.BillingSync.Webhooks;
using Metering.Kernel.Grpc;
using Metering.Kernel.Streams;
using Metering.V1;

namespace Metering.BillingSync.Ops;

/// <summary>What Stripe told and people have to look at.</summary>
internal sealed class StripeProblems(StripeView view, IEventStreams streams)
{
    private const int Default = 100;
    private const int Most = 1000;

    public async Task<ListStripeProblemsReply> List(ListStripeProblemsRequest request, CancellationToken cancellation)
    {
        if (request.HasUser) Asked.User(request.User);
        if (request.PageSize is < 0 or > Most) throw RpcErrors.Invalid("page_size", $"0 to {Most}", $"it is {request.PageSize}");
        var (from, most) = (Place.Parse(request.PageToken), request.PageSize == 0 ? Default : request.PageSize);
        var found = view.Problems().Select(one => (Place: new Place(one.Subject, one.Number), one.Problem))
            .Where(one => !IsBefore(one.Place, from) && (!request.HasUser || (one.Problem.HasUser && one.Problem.User == request.User)))
            .Take(most + 1).ToList();
        // a user without a ledger may have trouble: it may be why there is none
        if (request.HasUser && found.Count == 0 && request.PageToken.Length == 0)
            await Asked.Period(streams, request.User, 0, cancellation);
        var reply = new ListStripeProblemsReply { Problems = { found.Take(most).Select(one => one.Problem) } };
        if (found.Count > most) reply.NextPageToken = found[most].Place.ToString();
        return reply;
    }

    private static bool IsBefore(Place place, Place from) =>
        string.CompareOrdinal(place.Key, from.Key) is var order && (order < 0 || (order == 0 && place.Index < from.Index));
}
