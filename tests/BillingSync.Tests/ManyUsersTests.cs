using Metering.BillingSync.Reports;
using Metering.StripeSimulator;
using static Metering.BillingSync.Tests.BillingSpec;

namespace Metering.BillingSync.Tests;

/// <summary>Two hundred users at once. A result on a double: the simulator.</summary>
public sealed class ManyUsersTests : SimulatedStripe
{
    private const int Users = 200;

    [Test]
    public async Task Two_hundred_users_at_once_never_meet_themselves()
    {
        await Report();
        Assert.That((Account.Counts.Accepted, Account.Counts.Refused), Is.EqualTo((2L * Users, 0L)));
    }

    [Test]
    public async Task Neither_do_lost_answers_change_a_sum()
    {
        Simulator.Faults.Add(new Fault(FaultKind.LoseAnswer) { Every = 5, Times = -1 });
        Simulator.Faults.Add(new Fault(FaultKind.FailAfter) { Every = 7, Times = -1 });
        await Report();
    }

    [Test]
    public async Task Users_of_one_customer_share_its_lane()
    {
        var process = await StartProcess();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(number =>
            process.Intake.Take(Ended(10, Usage(number)) with { User = $"user{number}" }, CancellationToken.None)));
        await process.Sender.WhenIdle();
        Assert.That((Total(), Account.Counts.Refused), Is.EqualTo(("190", 0L)));
    }

    [Test]
    public async Task Calls_are_spaced_by_the_rate()
    {
        Options.RequestsPerSecond = 5;
        var process = await StartProcess();
        for (var number = 1; number <= 10; number++)
            await process.Intake.Take(Ended(10, Usage(number)) with { User = $"user{number}", StripeCustomer = $"cus_{number}" }, CancellationToken.None);
        await process.Sender.WhenIdle();
        Assert.That(Time.GetUtcNow() - Now, Is.GreaterThanOrEqualTo(TimeSpan.FromSeconds(1.8)));
    }

    private async Task Report()
    {
        var process = await StartProcess();
        var random = new Random(1);
        var totals = Enumerable.Range(0, Users).Select(number => (Name: $"{number}", First: random.Next(1, 1000), Last: random.Next(1000, 2000))).ToList();
        var messages = totals.SelectMany(total => new[] { Of(Ended(10, Usage(total.First)), total.Name), Of(Closed(12, Usage(total.Last)), total.Name) });
        await Task.WhenAll(messages.Select(message => process.Intake.Take(message, CancellationToken.None)));
        await process.Sender.WhenIdle();
        Assert.That(totals.Select(total => Total("cus_" + total.Name)), Is.EqualTo(totals.Select(total => $"{total.Last}")));
    }

    private static TakeTotals Of(TakeTotals message, string name) => message with { User = "user" + name, StripeCustomer = "cus_" + name };
}
