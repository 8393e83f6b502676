extension Array {
    /// Returns the number of elements for which a predicate holds, which are the first ones. Binary search.
    func countOfFirst(where holds: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
