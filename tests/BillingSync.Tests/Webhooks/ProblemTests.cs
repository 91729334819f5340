using Grpc.Core;
using Metering.BillingSync.Reconciling;
using Metering.BillingSync.Webhooks;
using Metering.V1;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.BillingSync.Tests.Webhooks;

/// <summary>What people are shown of what Stripe told.</summary>
public sealed class ProblemTests : WebhookTest
{
    [Test]
    public async Task Where_all_is_as_Stripe_says_there_is_nothing_to_see()
    {
        await Deliver(
            Told.Subscription("created", Now), Told.Invoice("payment_failed", Now, 3), Told.Invoice("paid", Now), Told.Checkout("completed", Now));
        Assert.That(await Problems(), Is.Empty);
    }

    [Test]
    public async Task Reads_of_Stripe_are_counted_beside_what_it_told()
    {
        await Site.Services.GetRequiredService<ReadBudget>().Take(CancellationToken.None);
        await Deliver(Told.Subscription("created", Now, user: null));
        Assert.That((await Problems()).Single().Kind, Is.EqualTo(StripeProblemKind.Unlinked));
        Assert.That(Site.Services.GetRequiredService<StripeView>().Stopped, Is.Null);
    }

    [Test]
    public async Task A_customer_whom_nobody_knows_is_listed_until_somebody_does()
    {
        await Deliver(Told.Subscription("created", Now, user: null));
        var problem = (await Problems()).Single();
        Assert.That((problem.Kind, problem.Subject, problem.HasUser), Is.EqualTo((StripeProblemKind.Unlinked, Told.Customer, false)));
        await Deliver(Told.CustomerUpdated(Now));
        Assert.That(await Problems(), Is.Empty);
    }

    [Test]
    public async Task A_price_without_a_plan_is_listed_until_the_subscription_has_another_or_ends()
    {
        await Deliver(Told.Subscription("created", Now, price: "price_new"));
        var problem = (await Problems()).Single();
        Assert.That((problem.Kind, problem.User), Is.EqualTo((StripeProblemKind.NoPlan, Told.User)));
        Assert.That(problem.Text, Does.Contain("price_new"));
        await Deliver(Told.Subscription("updated", Now.AddSeconds(1)));
        Assert.That(await Problems(), Is.Empty);
    }

    [Test]
    public async Task What_Accounts_refused_is_listed_until_it_is_done()
    {
        var created = Told.Subscription("created", Now, price: "price_nowhere");
        await Deliver(created);
        var problem = (await Problems()).Single();
        var id = (string)created["id"]!;
        Assert.That((problem.Kind, problem.User, problem.EventId), Is.EqualTo((StripeProblemKind.Refused, Told.User, id)));
        Assert.That(problem.Text, Does.Contain("nowhere").And.Contain("plan_id"));
        await Site.Publish("nowhere");
        await Deliver(created);
        Assert.That(await Problems(), Is.Empty);
    }

    [Test]
    public async Task What_is_still_to_be_asked_is_listed()
    {
        Streams.Break("ledger-");
        await Site.Deliver(Told.Subscription("created", Now));
        Assert.That((await Problems()).Single().Kind, Is.EqualTo(StripeProblemKind.Pending));
        Assert.That(
            async () => await Site.Ops.ListStripeProblemsAsync(new ListStripeProblemsRequest { User = "bob" }),
            Throws.InstanceOf<RpcException>().With.Property(nameof(RpcException.StatusCode)).EqualTo(StatusCode.NotFound), "nobody knows him");
    }

    [Test]
    public async Task Pages_follow_each_other_without_gap_or_repeat()
    {
        await Deliver(
            Told.Subscription("created", Now, price: "price_a"), Told.Subscription("created", Now, price: "price_b", id: "sub_2"),
            Told.Subscription("created", Now, price: "price_c", id: "sub_3"));
        await Problems();
        var (texts, request) = (new List<string>(), new ListStripeProblemsRequest { PageSize = 2 });
        do
        {
            var page = await Site.Ops.ListStripeProblemsAsync(request);
            texts.Add(string.Join(' ', page.Problems.Select(problem => problem.Text.Split(':')[0])));
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        Assert.That(texts, Is.EqualTo(new[] { "sub_1 sub_2", "sub_3" }));
    }

    [TestCase("a b", 0)]
    [TestCase("ann", -1)]
    [TestCase("ann", 1001)]
    public void A_malformed_request_is_refused(string user, int size) => Assert.That(
        async () => await Site.Ops.ListStripeProblemsAsync(new ListStripeProblemsRequest { User = user, PageSize = size }),
        Throws.TypeOf<RpcException>().With.Property(nameof(RpcException.StatusCode)).EqualTo(StatusCode.InvalidArgument));

    private async Task<IReadOnlyList<StripeProblem>> Problems()
    {
        await Seen(Site, "stripe-cus_ann");
        return (await Site.Ops.ListStripeProblemsAsync(new ListStripeProblemsRequest())).Problems;
    }
}
