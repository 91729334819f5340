using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Metering.Reservations.Tests.Services;

public sealed class AccountsServiceTests : ServiceTest
{
    [Test]
    public async Task A_plan_is_assigned_once()
    {
        var assign = new V1.AssignPlanRequest { User = "grace", CommandId = Id(), PlanId = "pro", StripeCustomer = "cus_1" };
        var assigned = await Service.Accounts.AssignPlanAsync(assign);
        Assert.That((assigned.PlanId, assigned.Version, assigned.Assignment, assigned.Starts.Number, assigned.Revision), Is.EqualTo(("pro", 1, 1, 1, 0)));
        assigned.Repeated = true;
        Assert.That(await Service.Accounts.AssignPlanAsync(assign), Is.EqualTo(assigned));
        await Fails(Service.Accounts.AssignPlanAsync(new() { User = "grace", CommandId = Id(), PlanId = "none" }), StatusCode.NotFound, "plan_id");
    }

    [Test]
    public async Task Credits_are_drawn_when_the_quota_is_used_up()
    {
        var user = await NewUser();
        var grant = new V1.GrantCreditRequest { User = user, CommandId = Id(), Unit = "tokens", Amount = 50, Source = "pay_1" };
        var granted = await Service.Accounts.GrantCreditAsync(grant);
        Assert.That(granted.GrantId, Is.EqualTo(grant.CommandId));
        granted.Repeated = true;
        Assert.That(await Service.Accounts.GrantCreditAsync(grant), Is.EqualTo(granted));
        grant.ExpiresAt = (Clock.GetUtcNow() - TimeSpan.FromMinutes(1)).ToTimestamp();
        (grant.CommandId, grant.Source) = (Id(), "pay_2");
        await Fails(Service.Accounts.GrantCreditAsync(grant), StatusCode.InvalidArgument, "expires_at");
        var usage = (await Service.Reservations.GetUsageAsync(new() { User = user })).Usage;
        Assert.That(usage.Grants.Single(), Has.Property("Amount").EqualTo(50).And.Property("Source").EqualTo("pay_1"));
    }

    [Test]
    public async Task A_user_has_limits_of_their_own()
    {
        var user = await NewUser();
        var customize = new V1.CustomizeLimitsRequest { User = user, CommandId = Id(), Limits = { new V1.CustomLimit { Group = "tokens", Quota = 7 } } };
        var customized = await Service.Accounts.CustomizeLimitsAsync(customize);
        Assert.That((await Tokens(user)).Quota, Is.EqualTo(7));
        customized.Repeated = true;
        Assert.That(await Service.Accounts.CustomizeLimitsAsync(customize), Is.EqualTo(customized));
    }
}
