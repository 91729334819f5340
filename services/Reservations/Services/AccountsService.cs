using Grpc.Core;

namespace Metering.Reservations.Services;

/// <summary>metering.v1.Accounts over gRPC.</summary>
internal sealed class AccountsService(Dispatcher dispatcher) : V1.Accounts.AccountsBase
{
    public override Task<V1.AssignPlanReply> AssignPlan(V1.AssignPlanRequest request, ServerCallContext context) =>
        Errors.Translate(dispatcher.AssignPlan(request, context.Caller(), context.CancellationToken));

    public override Task<V1.EndPlanReply> EndPlan(V1.EndPlanRequest request, ServerCallContext context) =>
        Errors.Translate(dispatcher.EndPlan(request, context.Caller(), context.CancellationToken));

    public override Task<V1.CustomizeLimitsReply> CustomizeLimits(V1.CustomizeLimitsRequest request, ServerCallContext context) =>
        Errors.Translate(dispatcher.CustomizeLimits(request, context.Caller(), context.CancellationToken));

    public override Task<V1.GrantCreditReply> GrantCredit(V1.GrantCreditRequest request, ServerCallContext context) =>
        Errors.Translate(dispatcher.GrantCredit(request, context.Caller(), context.CancellationToken));

    public override Task<V1.RevokeCreditReply> RevokeCredit(V1.RevokeCreditRequest request, ServerCallContext context) =>
        Errors.Translate(dispatcher.RevokeCredit(request, context.Caller(), context.CancellationToken));

    public override Task<V1.SuspendReply> Suspend(V1.SuspendRequest request, ServerCallContext context) =>
        Errors.Translate(dispatcher.Suspend(request, context.Caller(), context.CancellationToken));

    public override Task<V1.ResumeReply> Resume(V1.ResumeRequest request, ServerCallContext context) =>
        Errors.Translate(dispatcher.Resume(request, context.Caller(), context.CancellationToken));

    public override Task<V1.ClosePeriodReply> ClosePeriod(V1.ClosePeriodRequest request, ServerCallContext context) =>
        Errors.Translate(dispatcher.ClosePeriod(request, context.Caller(), context.CancellationToken));
}
