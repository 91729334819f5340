using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;

namespace Metering.Reservations.Requests;

/// <summary>Reads the requests of the Accounts service into commands.</summary>
internal static class AccountRequests
{
    public static AssignPlan Read(V1.AssignPlanRequest request, Asking asking)
    {
        var id = Fields.CommandId(request.CommandId, asking.Now);
        int? version = request.HasVersion ? request.Version : null;
        var change = ChangeOf(request.Change);
        var customer = request.HasStripeCustomer ? Fields.Text("stripe_customer", request.StripeCustomer) : null;
        var content = new Content("assign_plan").Add(request.PlanId).Add(version).Add((long)change).Add(customer).Hash();
        return new AssignPlan(id, content, PlanOf(request.PlanId, version, asking.Catalog), change, customer);
    }

    public static EndPlan Read(V1.EndPlanRequest request, Asking asking) =>
        new(Fields.CommandId(request.CommandId, asking.Now), new Content("end_plan").Hash());

    public static CustomizeLimits Read(V1.CustomizeLimitsRequest request, Asking asking)
    {
        var id = Fields.CommandId(request.CommandId, asking.Now);
        if (request.Limits.Count is 0 or > Limits.CustomLimits) throw RequestRefused.Invalid("limits", $"1–{Limits.CustomLimits} groups");
        var limits = request.Limits.Select((limit, i) => LimitOf(limit, $"limits[{i}]")).ToItems();
        for (var i = 0; i < limits.Count; i++)
            if (limits.Take(i).Any(earlier => earlier.Group == limits[i].Group)) throw RequestRefused.Invalid($"limits[{i}].group", "each group once");
        return new CustomizeLimits(id, new Content("customize_limits").Add(limits).Hash(), limits);
    }

    public static GrantCredit Read(V1.GrantCreditRequest request, Asking asking)
    {
        var id = Fields.CommandId(request.CommandId, asking.Now);
        if (!Currencies.IsCurrency(request.Unit) && asking.Catalog.Meters.All(meter => meter.Unit != request.Unit))
            throw RequestRefused.Undeclared("unit", "the unit of a declared meter, or a currency");
        if (request.Amount is < 1 or > PlanRules.AmountMost) throw RequestRefused.Invalid("amount", "1 to 10¹⁸");
        var expires = Fields.Moment("expires_at", request.ExpiresAt);
        var source = Fields.Text("source", request.Source);
        var content = new Content("grant_credit").Add(request.Unit).Add(request.Amount).Add(request.Priority).Add(expires).Add(source).Hash();
        return new GrantCredit(id, content, request.Unit, request.Amount, request.Priority, expires, source);
    }

    public static RevokeCredit Read(V1.RevokeCreditRequest request, Asking asking)
    {
        var (id, grant) = (Fields.CommandId(request.CommandId, asking.Now), Fields.GrantId(request.GrantId));
        return new RevokeCredit(id, new Content("revoke_credit").Add(grant).Hash(), grant);
    }

    public static Suspend Read(V1.SuspendRequest request, Asking asking)
    {
        var (id, reason) = (Fields.CommandId(request.CommandId, asking.Now), Fields.Text("reason", request.Reason));
        return new Suspend(id, new Content("suspend").Add(reason).Hash(), reason);
    }

    public static Resume Read(V1.ResumeRequest request, Asking asking) =>
        new(Fields.CommandId(request.CommandId, asking.Now), new Content("resume").Hash());

    /// <summary>Keyed by the period, so its id is of no consequence.</summary>
    public static ClosePeriod Read(V1.ClosePeriodRequest request, Asking asking) => request.Period < 1
        ? throw RequestRefused.Invalid("period", "1 or more")
        : new(Guid.CreateVersion7(asking.Now), new Content("close_period").Add(request.Period).Hash(), request.Period);

    private static Plan PlanOf(string id, int? version, CatalogState catalog) => catalog.Plan(id, version) is { RetiredAt: null } published
        ? published.Plan
        : throw RequestRefused.NotFound(version is null || catalog.Plan(id) is null ? "plan_id" : "version", "a published plan that is not retired");

    private static PlanChange ChangeOf(V1.PlanChange change) => change switch
    {
        V1.PlanChange.Unspecified or V1.PlanChange.NextPeriod => PlanChange.NextPeriod,
        V1.PlanChange.NowCarry => PlanChange.NowCarry,
        V1.PlanChange.NowReset => PlanChange.NowReset,
        _ => throw RequestRefused.Invalid("change", "next period, now carry or now reset"),
    };

    private static CustomLimit LimitOf(V1.CustomLimit limit, string field)
    {
        if (limit.Group.Length is 0 or > 64) throw RequestRefused.Invalid($"{field}.group", "the label of a limit group");
        if (limit.HasQuota && limit.Quota is < 0 or > PlanRules.AmountMost) throw RequestRefused.Invalid($"{field}.quota", "0 to 10¹⁸");
        return new(limit.Group, limit.HasQuota ? limit.Quota : null);
    }
}
