using Metering.Kernel.Deciding;
using Metering.Ledger.Accounts;
using Metering.Reservations.Replies;
using Metering.Reservations.Requests;

namespace Metering.Reservations;

/// <summary>Every command on a user's ledger, from request to reply: unary calls and sessions alike come through here.</summary>
internal sealed class Dispatcher(Ledgers ledgers, CatalogView catalog, ReservationsOptions options, TimeProvider clock)
{
    public async Task<V1.ReserveReply> Reserve(V1.ReserveRequest request, Caller caller, CancellationToken cancellation) =>
        LedgerReplies.Reserve(await Handle(request.User, request, LedgerRequests.Read, caller, cancellation));

    public async Task<V1.CommitReply> Commit(V1.CommitRequest request, Caller caller, CancellationToken cancellation) =>
        LedgerReplies.Commit(await Handle(request.User, request, LedgerRequests.Read, caller, cancellation));

    public async Task<V1.ReleaseReply> Release(V1.ReleaseRequest request, Caller caller, CancellationToken cancellation) =>
        LedgerReplies.Release(await Handle(request.User, request, LedgerRequests.Read, caller, cancellation));

    public async Task<V1.RefundReply> Refund(V1.RefundRequest request, Caller caller, CancellationToken cancellation) =>
        LedgerReplies.Refund(await Handle(request.User, request, LedgerRequests.Read, caller, cancellation));

    public async Task<V1.ExtendReply> Extend(V1.ExtendRequest request, Caller caller, CancellationToken cancellation) =>
        LedgerReplies.Extend(await Handle(request.User, request, LedgerRequests.Read, caller, cancellation));

    public async Task<V1.TrackReply> Track(V1.TrackRequest request, Caller caller, CancellationToken cancellation) =>
        LedgerReplies.Track(await Handle(request.User, request, LedgerRequests.Read, caller, cancellation));

    public async Task<V1.CheckReply> Check(V1.CheckRequest request, Caller caller, CancellationToken cancellation) =>
        LedgerReplies.Check(await Handle(request.User, request, LedgerRequests.Read, caller, cancellation));

    public async Task<V1.GetUsageReply> GetUsage(V1.GetUsageRequest request, Caller caller, CancellationToken cancellation) =>
        new() { Usage = await Usage(request.User, caller, cancellation) };

    public async Task<V1.Usage> Usage(string user, Caller caller, CancellationToken cancellation) =>
        UsageReplies.Of(user, (Usage)await ledgers.Handle(Fields.User(user), new GetUsage(), caller, cancellation));

    public async Task<V1.AssignPlanReply> AssignPlan(V1.AssignPlanRequest request, Caller caller, CancellationToken cancellation) =>
        AccountReplies.AssignPlan(await Handle(request.User, request, AccountRequests.Read, caller, cancellation));

    public async Task<V1.EndPlanReply> EndPlan(V1.EndPlanRequest request, Caller caller, CancellationToken cancellation) =>
        AccountReplies.EndPlan(await Handle(request.User, request, AccountRequests.Read, caller, cancellation));

    public async Task<V1.CustomizeLimitsReply> CustomizeLimits(V1.CustomizeLimitsRequest request, Caller caller, CancellationToken cancellation) =>
        AccountReplies.CustomizeLimits(await Handle(request.User, request, AccountRequests.Read, caller, cancellation));

    public async Task<V1.GrantCreditReply> GrantCredit(V1.GrantCreditRequest request, Caller caller, CancellationToken cancellation) =>
        AccountReplies.GrantCredit(await Handle(request.User, request, AccountRequests.Read, caller, cancellation));

    public async Task<V1.RevokeCreditReply> RevokeCredit(V1.RevokeCreditRequest request, Caller caller, CancellationToken cancellation) =>
        AccountReplies.RevokeCredit(await Handle(request.User, request, AccountRequests.Read, caller, cancellation));

    public async Task<V1.SuspendReply> Suspend(V1.SuspendRequest request, Caller caller, CancellationToken cancellation) =>
        AccountReplies.Suspend(await Handle(request.User, request, AccountRequests.Read, caller, cancellation));

    public async Task<V1.ResumeReply> Resume(V1.ResumeRequest request, Caller caller, CancellationToken cancellation) =>
        AccountReplies.Resume(await Handle(request.User, request, AccountRequests.Read, caller, cancellation));

    public async Task<V1.ClosePeriodReply> ClosePeriod(V1.ClosePeriodRequest request, Caller caller, CancellationToken cancellation) =>
        AccountReplies.ClosePeriod(await Handle(request.User, request, AccountRequests.Read, caller, cancellation));

    private async Task<Answer> Handle<TRequest>(
        string user, TRequest request, Func<TRequest, Asking, Command> read, Caller caller, CancellationToken cancellation)
    {
        Fields.User(user);
        return await ledgers.Handle(user, await Read(request, read), caller, cancellation);
    }

    // what the catalog as known here refuses may have been published elsewhere a moment ago
    private async ValueTask<Command> Read<TRequest>(TRequest request, Func<TRequest, Asking, Command> read)
    {
        try
        {
            return read(request, new Asking(await catalog.Current(), clock.GetUtcNow(), options.Grace));
        }
        catch (RequestRefused refused) when (refused.ByCatalog)
        {
            return read(request, new Asking(await catalog.Refresh(), clock.GetUtcNow(), options.Grace));
        }
    }
}
