namespace Metering.Kernel.Streams.Sqlite;

/// <summary>
/// Lets the answers of a commit leave the writer's thread: in as many portions as there are processors, each of which goes on with one caller after the
/// other. A hop per caller cost more than most callers then do. Nobody may block in what follows an append: those after him would wait.
/// </summary>
internal sealed class Answers(Work[] portion, Exception? failure) : IThreadPoolWorkItem
{
    public static void Leave(List<Work> batch, Exception? failure)
    {
        var size = Math.Max(1, (batch.Count + Environment.ProcessorCount - 1) / Environment.ProcessorCount);
        foreach (var portion in batch.Chunk(size))
            ThreadPool.UnsafeQueueUserWorkItem(new Answers(portion, failure), preferLocal: false);
    }

    public void Execute()
    {
        foreach (var work in portion)
            if (failure is null) work.Answer();
            else work.Fail(failure);
    }
}
