using Grpc.Core;

namespace Metering.Reservations.Services;

/// <summary>metering.v1.Catalog over gRPC.</summary>
internal sealed class CatalogService(CatalogDesk desk) : V1.Catalog.CatalogBase
{
    public override Task<V1.DeclareMeterReply> DeclareMeter(V1.DeclareMeterRequest request, ServerCallContext context) =>
        Errors.Translate(desk.DeclareMeter(request, context.Caller(), context.CancellationToken));

    public override Task<V1.PublishPlanReply> PublishPlan(V1.PublishPlanRequest request, ServerCallContext context) =>
        Errors.Translate(desk.PublishPlan(request, context.Caller(), context.CancellationToken));

    public override Task<V1.RetirePlanReply> RetirePlan(V1.RetirePlanRequest request, ServerCallContext context) =>
        Errors.Translate(desk.RetirePlan(request, context.Caller(), context.CancellationToken));

    public override Task<V1.PublishPriceBookReply> PublishPriceBook(V1.PublishPriceBookRequest request, ServerCallContext context) =>
        Errors.Translate(desk.PublishPriceBook(request, context.Caller(), context.CancellationToken));

    public override Task<V1.GetPlanReply> GetPlan(V1.GetPlanRequest request, ServerCallContext context) =>
        Errors.Translate(desk.GetPlan(request));

    public override Task<V1.ListPlansReply> ListPlans(V1.ListPlansRequest request, ServerCallContext context) =>
        Errors.Translate(desk.ListPlans(request));

    public override Task<V1.ListMetersReply> ListMeters(V1.ListMetersRequest request, ServerCallContext context) =>
        Errors.Translate(desk.ListMeters(request));

    public override Task<V1.GetPriceBookReply> GetPriceBook(V1.GetPriceBookRequest request, ServerCallContext context) =>
        Errors.Translate(desk.GetPriceBook(request));
}
