using System.Globalization;
using Grpc.Core;
using Metering.Balances.Explaining;
using Metering.Balances.ReadModels;
using Metering.Kernel.Deciding;
using Metering.Kernel.Grpc;
using Metering.Kernel.Projecting;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;
using Metering.V1;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Balances.Queries;

/// <summary>contracts/metering/v1/balances.proto: balances and periods from documents, history and the past from the streams.</summary>
internal sealed class BalancesService(
    [FromKeyedServices(BalancesProjection.Name)] IReadModel model, IEventStreams streams, Explainer explainer,
    KeptReadModels readModels, TimeProvider time, Zones zones)
    : V1.Balances.BalancesBase
{
    private static readonly TimeSpan ClockAhead = TimeSpan.FromMinutes(1);

    public override async Task<GetBalanceReply> GetBalance(GetBalanceRequest request, ServerCallContext context)
    {
        var user = Requests.User(request.User);
        var found = await model.Load<UserBalance>([user], context.CancellationToken);
        return found.TryGetValue(user, out var balance)
            ? new GetBalanceReply { Usage = Wire.Of(user, balance.Usage(zones)) }
            : throw RpcErrors.NotFound("user", "a user with events, all services being up to date", "no event of this user is known here");
    }

    public override async Task<ListBalancesReply> ListBalances(ListBalancesRequest request, ServerCallContext context)
    {
        var size = Requests.Limit(request.PageSize, "page_size");
        var after = Requests.AfterUser(request.PageToken) is { } user ? new Place(user, user) : (Place?)null;
        var found = await model.Range(UserBalance.ByUser, new KeyRange(After: after), size + 1, context.CancellationToken);
        var reply = new ListBalancesReply { NextPageToken = found.Count > size ? found[size - 1].Id : "" };
        reply.Usages.AddRange(found.Take(size).Select(balance => Wire.Of(balance.Id, balance.Usage(zones))));
        return reply;
    }

    public override async Task<GetBalanceAsOfReply> GetBalanceAsOf(GetBalanceAsOfRequest request, ServerCallContext context)
    {
        var user = Requests.User(request.User);
        var at = Requests.Past(request.At, time.GetUtcNow());
        var state = await History.StateAsOf(streams, user, at, context.CancellationToken);
        if (state.Revision < 0) throw RpcErrors.NotFound("user", "a user who had events then", "the user had none");
        return new GetBalanceAsOfReply { Usage = Wire.Of(user, Balance.At(state, at, zones)) };
    }

    public override async Task<ListEventsReply> ListEvents(ListEventsRequest request, ServerCallContext context)
    {
        var stream = LedgerStreams.Of(Requests.User(request.User));
        var (from, limit) = (Requests.Revision(request.FromRevision, "from_revision"), Requests.Limit(request.Limit, "limit"));
        var reply = new ListEventsReply();
        await foreach (var stored in streams.Read(stream, Direction.Forwards, from, limit + 1, context.CancellationToken))
            if (reply.Events.Count < limit) reply.Events.Add(Wire.Of(stored));
            else reply.NextRevision = stored.Revision;
        return reply;
    }

    public override async Task<ListPeriodsReply> ListPeriods(ListPeriodsRequest request, ServerCallContext context)
    {
        var user = Requests.User(request.User);
        var size = Requests.Limit(request.PageSize, "page_size");
        var after = BillingPeriod.IdOf(user, Requests.AfterPeriod(request.PageToken));
        // two more: the running period, always the last one, is not shown
        var found = await model.Range(
            BillingPeriod.ByUser, BillingPeriod.Of(user) with { After = new Place(after, after) }, size + 2, context.CancellationToken);
        var over = found.Where(period => period.Stage != PeriodStage.Running).ToArray();
        var reply = new ListPeriodsReply();
        if (over.Length > size) reply.NextPageToken = over[size - 1].Period.Number.ToString(CultureInfo.InvariantCulture);
        reply.Periods.AddRange(over.Take(size).Select(Wire.Of));
        return reply;
    }

    public override async Task<ExplainChargeReply> ExplainCharge(ExplainChargeRequest request, ServerCallContext context)
    {
        var (user, reservation) = (Requests.User(request.User), Requests.Reservation(request.ReservationId));
        var charge = await explainer.Charge(user, reservation, context.CancellationToken);
        return charge is null
            ? throw RpcErrors.NotFound("reservation_id", "that of a reservation or a track of this user", "there is none of that id")
            : ExplainedWire.Of(charge, time.GetUtcNow());
    }

    public override async Task<ExplainDenialReply> ExplainDenial(ExplainDenialRequest request, ServerCallContext context)
    {
        var (user, revision) = (Requests.User(request.User), Requests.Revision(request.Revision, "revision", Revisions.None));
        // a ledger's time may be ahead of this clock
        var at = Requests.Past(request.At, time.GetUtcNow() + ClockAhead);
        var reservation = request.HasReservationId ? Requests.Reservation(request.ReservationId) : (Guid?)null;
        var parent = request.HasParentId ? Requests.Reservation(request.ParentId, "parent_id") : (Guid?)null;
        return await explainer.Denial(user, revision, at, request.Lines, reservation, parent, context.CancellationToken) switch
        {
            Explained explained => ExplainedWire.Of(explained),
            Refused { Kind: RefusalKind.NotFound } refused => throw RpcErrors.NotFound(refused.Field, refused.Message, "it was not, at that revision"),
            Refused refused => throw RpcErrors.Invalid(refused.Field, refused.Message, "it is not"),
            _ => throw RpcErrors.NotFound("revision", "one that the user's ledger has", "it has fewer"),
        };
    }

    public override async Task<VerifyReply> Verify(VerifyRequest request, ServerCallContext context)
    {
        var stream = LedgerStreams.Of(Requests.User(request.User));
        var all = streams.Read(stream, Direction.Forwards, 0, cancellation: context.CancellationToken);
        return Wire.Of(await ChainVerifier.Verify(stream, all, Requests.Published(request.Published), context.CancellationToken));
    }

    public override Task<GetProgressReply> GetProgress(GetProgressRequest request, ServerCallContext context) =>
        readModels.Progress(context.CancellationToken);

    public override Task<RebuildReply> Rebuild(RebuildRequest request, ServerCallContext context) =>
        readModels.Rebuild(request, context.CancellationToken);
}
