using Metering.V1;

namespace Metering.StackTests;

/// <summary>The one plan of these tests: all usage is reported to the Stripe meter that the stack's simulator has.</summary>
internal static class Shop
{
    public const string Meter = "llm.tokens";
    public const string StripeMeter = "llm_tokens";
    public const string Group = "Tokens";

    public static async Task Open(Services services, long quota)
    {
        var meter = new DeclareMeterRequest { Meter = new Meter { Name = Meter, Unit = "tokens" } };
        await Services.Insist(call => services.Catalog.DeclareMeterAsync(meter, call));
        var plan = new PublishPlanRequest { CommandId = Services.NewId(), Plan = Plan(quota) };
        await Services.Insist(call => services.Catalog.PublishPlanAsync(plan, call));
    }

    public static async Task Subscribe(Services services, string user)
    {
        var assign = new AssignPlanRequest { User = user, CommandId = Services.NewId(), PlanId = "pro", StripeCustomer = CustomerOf(user) };
        await Services.Insist(call => services.Accounts.AssignPlanAsync(assign, call));
    }

    /// <summary>Ends the plan and its period with it.</summary>
    public static async Task Leave(Services services, string user)
    {
        var end = new EndPlanRequest { User = user, CommandId = Services.NewId() };
        await Services.Insist(call => services.Accounts.EndPlanAsync(end, call));
    }

    public static string CustomerOf(string user) => $"cus_{user}";

    private static Plan Plan(long quota) => new()
    {
        Id = "pro", Period = WindowLength.Month, Anchor = Anchor.SubscriptionStart, Zone = "UTC", Currency = "USD",
        Groups =
        {
            new LimitGroup
            {
                Label = Group, Unit = "tokens", Kind = GroupKind.Funding, Quota = quota, Window = WindowLength.BillingPeriod,
                Matches = { new Match { Meter = "llm.*" } },
                Reporting = new() { StripeMeter = StripeMeter, Scale = 1, What = ReportedTotal.Usage },
            },
        },
    };
}
