using Google.Protobuf.WellKnownTypes;
using Metering.Ledger.Accounts;
using Metering.Reservations.Requests;
using static Metering.Reservations.Tests.Samples;

namespace Metering.Reservations.Tests.Requests;

public sealed class AccountRequestsTests
{
    [TestCase("basic", null, "plan_id")]
    [TestCase("basic", 1, "plan_id")]
    [TestCase("pro", 3, "version")]
    [TestCase("pro", 0, "version")]
    public void An_unknown_plan_is_not_found(string plan, int? version, string field)
    {
        var request = new V1.AssignPlanRequest { CommandId = Id(), PlanId = plan };
        if (version is { } one) request.Version = one;
        Assert.That(() => AccountRequests.Read(request, Asked), Throws.TypeOf<RequestRefused>()
            .With.Property("Refused").Property("Field").EqualTo(field).And.Property("Refused").Property("Kind").EqualTo(RefusalKind.NotFound));
    }

    [Test]
    public void A_plan_is_assigned_in_its_latest_version_or_the_one_asked_for()
    {
        Assert.That(AccountRequests.Read(new V1.AssignPlanRequest { CommandId = Id(), PlanId = "pro" }, Asked).Plan.Version, Is.EqualTo(2));
        Assert.That(AccountRequests.Read(new V1.AssignPlanRequest { CommandId = Id(), PlanId = "pro", Version = 1 }, Asked).Plan.Version, Is.EqualTo(1));
    }

    [TestCase("words", 1, "pay_1", "unit")]
    [TestCase("tokens", 0, "pay_1", "amount")]
    [TestCase("tokens", long.MaxValue, "pay_1", "amount")]
    [TestCase("tokens", 1, "", "source")]
    public void A_grant_is_checked(string unit, long amount, string source, string field) =>
        Assert.That(() => AccountRequests.Read(new V1.GrantCreditRequest { CommandId = Id(), Unit = unit, Amount = amount, Source = source }, Asked),
            Throws.TypeOf<RequestRefused>().With.Property("Refused").Property("Field").EqualTo(field));

    [Test]
    public void A_grant_is_of_a_meters_unit_or_of_money()
    {
        var request = new V1.GrantCreditRequest { CommandId = Id(), Unit = "EUR", Amount = 5, Source = "pay_1", ExpiresAt = Now.AddDays(1).ToTimestamp() };
        Assert.That(AccountRequests.Read(request, Asked).ExpiresAt, Is.EqualTo(Now.AddDays(1)));
    }

    [Test]
    public void Limits_are_customized_each_group_once()
    {
        var request = new V1.CustomizeLimitsRequest { CommandId = Id() };
        AssertRefused("limits");
        request.Limits.Add(new V1.CustomLimit { Group = "tokens", Quota = -1 });
        AssertRefused("limits[0].quota");
        request.Limits[0].ClearQuota();
        Assert.That(AccountRequests.Read(request, Asked).Limits[0], Is.EqualTo(new CustomLimit("tokens", null)));
        request.Limits.Add(new V1.CustomLimit { Group = "tokens", Quota = 5 });
        AssertRefused("limits[1].group");

        void AssertRefused(string field) => Assert.That(() => AccountRequests.Read(request, Asked),
            Throws.TypeOf<RequestRefused>().With.Property("Refused").Property("Field").EqualTo(field));
    }

    [Test]
    public void Periods_are_numbered_from_1() =>
        Assert.That(() => AccountRequests.Read(new V1.ClosePeriodRequest { Period = 0 }, Asked),
            Throws.TypeOf<RequestRefused>().With.Property("Refused").Property("Field").EqualTo("period"));
}
