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
    public async Task What_is_free_of_a_grant_is_revoked_once()
    {
        var user = await NewUser();
        var grant = new V1.GrantCreditRequest { User = user, CommandId = Id(), Unit = "tokens", Amount = 50, Source = "pay_1" };
        await Service.Accounts.GrantCreditAsync(grant);
        var revoked = await Service.Accounts.RevokeCreditAsync(new() { User = user, CommandId = Id(), GrantId = grant.CommandId });
        Assert.That((revoked.GrantId, revoked.Amount), Is.EqualTo((grant.CommandId, 50)));
        Assert.That((await Tokens(user)).Available, Is.EqualTo(400), "what the cap allows, of 500");
        var again = new V1.RevokeCreditRequest { User = user, CommandId = Id(), GrantId = grant.CommandId };
        await Fails(Service.Accounts.RevokeCreditAsync(again), StatusCode.FailedPrecondition, "grant_id");
        await Fails(Service.Accounts.RevokeCreditAsync(new(again) { GrantId = Id() }), StatusCode.NotFound, "grant_id");
        await Fails(Service.Accounts.RevokeCreditAsync(new(again) { GrantId = "pay_1" }), StatusCode.InvalidArgument, "grant_id");
    }

    [Test]
    public async Task A_suspended_user_spends_nothing_and_settles_all()
    {
        var user = await NewUser();
        var granted = (await Service.Reservations.ReserveAsync(Reserve(user, 100))).Granted;
        var resume = new V1.ResumeRequest { User = user, CommandId = Id() };
        await Fails(Service.Accounts.ResumeAsync(resume), StatusCode.FailedPrecondition, "user");
        await Fails(Service.Accounts.SuspendAsync(new() { User = user, CommandId = Id() }), StatusCode.InvalidArgument, "reason");
        var suspend = new V1.SuspendRequest { User = user, CommandId = Id(), Reason = "fraud" };
        await Service.Accounts.SuspendAsync(suspend);
        await Fails(Service.Accounts.SuspendAsync(new(suspend) { CommandId = Id() }), StatusCode.FailedPrecondition, "user");
        var denied = await Service.Reservations.ReserveAsync(Reserve(user, 1));
        Assert.That(denied.Denial.Reason, Is.EqualTo(V1.DenialReason.Suspended));
        Assert.That((await Service.Reservations.GetUsageAsync(new() { User = user })).Usage.Suspended, Is.True);
        await Service.Reservations.CommitAsync(Commit(user, granted.ReservationId, 30));
        Assert.That((await Service.Accounts.ResumeAsync(resume)).Revision, Is.EqualTo(5));
        Assert.That((await Service.Reservations.ReserveAsync(Reserve(user, 1))).Allowed, Is.True);
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
