using Metering.Kernel.Deciding;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;
using Metering.Reservations.Models;
using Metering.Reservations.Replies;
using Metering.Reservations.Requests;

namespace Metering.Reservations;

/// <summary>Every request about the catalog, from request to reply.</summary>
internal sealed class CatalogDesk(
    DecisionRunner<CatalogModel.Latest, CatalogCommand, Answer> runner, CatalogView view, TimeProvider clock)
{
    public async Task<V1.DeclareMeterReply> DeclareMeter(V1.DeclareMeterRequest request, Caller caller, CancellationToken cancellation) =>
        CatalogReplies.Of(await Handle<Declared>(CatalogRequests.Read(request, clock.GetUtcNow()), caller, cancellation));

    public async Task<V1.PublishPlanReply> PublishPlan(V1.PublishPlanRequest request, Caller caller, CancellationToken cancellation) =>
        CatalogReplies.Of(await Handle<Published>(CatalogRequests.Read(request, clock.GetUtcNow()), caller, cancellation));

    public async Task<V1.RetirePlanReply> RetirePlan(V1.RetirePlanRequest request, Caller caller, CancellationToken cancellation) =>
        CatalogReplies.Of(await Handle<Retired>(CatalogRequests.Read(request, clock.GetUtcNow()), caller, cancellation));

    public async Task<V1.PublishPriceBookReply> PublishPriceBook(V1.PublishPriceBookRequest request, Caller caller, CancellationToken cancellation) =>
        CatalogReplies.Of(await Handle<BookPublished>(CatalogRequests.Read(request, clock.GetUtcNow()), caller, cancellation));

    public async Task<V1.GetPlanReply> GetPlan(V1.GetPlanRequest request)
    {
        var plan = (await view.Refresh()).Plan(request.PlanId, request.HasVersion ? request.Version : null);
        return plan is null
            ? throw RequestRefused.NotFound("plan_id", "a published plan, in a version that it has")
            : new() { Plan = CatalogReplies.Published(plan) };
    }

    public async Task<V1.ListPlansReply> ListPlans(V1.ListPlansRequest request)
    {
        var plans = (await view.Refresh()).Plans.Where(plan => plan.RetiredAt is null || request.IncludeRetired);
        var (page, next) = Page(plans, plan => plan.Plan.Id, request.PageSize, request.PageToken);
        return new() { Plans = { page.Select(CatalogReplies.Published) }, NextPageToken = next };
    }

    public async Task<V1.ListMetersReply> ListMeters(V1.ListMetersRequest request)
    {
        var (page, next) = Page((await view.Refresh()).Meters, meter => meter.Name, request.PageSize, request.PageToken);
        return new() { Meters = { page.Select(CatalogReplies.Meter) }, NextPageToken = next };
    }

    public async Task<V1.GetPriceBookReply> GetPriceBook(V1.GetPriceBookRequest request)
    {
        var catalog = await view.Refresh();
        var book = request.WhichCase == V1.GetPriceBookRequest.WhichOneofCase.Version
            ? catalog.Books.FirstOrDefault(book => book.Version == request.Version)
            : catalog.BookAt(Fields.Moment("at", request.At) ?? clock.GetUtcNow());
        return book is null
            ? throw RequestRefused.NotFound(request.WhichCase == V1.GetPriceBookRequest.WhichOneofCase.Version ? "version" : "at", "that of a price book")
            : new() { Book = CatalogReplies.Book(book) };
    }

    // what was published here is known here from the answer on
    private async Task<T> Handle<T>(CatalogCommand command, Caller caller, CancellationToken cancellation) where T : CatalogAnswer
    {
        var answer = await runner.Handle(CatalogModel.Stream, command, caller, cancellation);
        if (answer is Refused refused) throw new RequestRefused(refused);
        await view.Refresh();
        return (T)answer;
    }

    // the token is the last name of the page before: pages stay right while others are added
    private static (List<T> Page, string Next) Page<T>(IEnumerable<T> all, Func<T, string> name, int size, string token)
    {
        var most = Fields.PageSize(size);
        var page = all.SkipWhile(one => token.Length > 0 && string.CompareOrdinal(name(one), token) <= 0).Take(most + 1).ToList();
        if (page.Count <= most) return (page, "");
        page.RemoveAt(most);
        return (page, name(page[^1]));
    }
}
